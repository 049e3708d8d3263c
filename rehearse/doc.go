// Package rehearse answers WOULD IT HAVE HELD: a plan carried out on a twin of the fleet, with things going wrong, and what its limits
// did about that.
//
// Its law: a rehearsal is the same engine, the same runbooks and the same limits as the run that it stands for; only the hosts, the
// clock and the journal are others, and it refuses to begin where one of them is not (Safe). What it cannot know of a host, it does not
// make up: a host is as healthy as the journal last knew it, and no sicker than the faults that were asked for.
package rehearse
