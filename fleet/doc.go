// Package fleet answers HOW THINGS STAND NOW: the journal folded over the inventory, host by host, and rolled up by rack, by site
// and over all.
//
// Its law (law 6 of the house): unknown is not OK. A host that nobody has looked at, or whose checks are older than the fleet's
// patience, is never counted as OK, whatever was last said of it; every verdict comes with its reason in words and its age.
package fleet
