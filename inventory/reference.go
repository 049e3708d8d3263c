package inventory

import (
	"math"
	"slices"
)

// Key is what one key of an inventory file is, for people and for editors.
type Key struct {
	Table string // one of KeyTables
	Name  string
	// Type is "string", "int", "bool", "date" (2028-06-30, without quotes), "duration" ("15m", "7d"), "strings" (an array, or one
	// string), "ports", "units", "limit" (a number or a percentage), "selector", "vars", or the name of a table.
	Type     string
	Options  []string // the values there are, where they are few
	Help     string
	Example  string // a value, as TOML
	Required bool
	Range    [2]int // the least and the greatest number; both 0 = any; of a duration: 1 = longer than nothing
	Pattern  string // what a text, or every text of an array, matches, in the syntax that RE2 and ECMA 262 share; "" = anything
}

// Patterns are what lexical.go accepts, as far as an expression can say it: a text that it refuses, Parse refuses.
const (
	namePattern     = `[A-Za-z0-9][A-Za-z0-9._-]*`
	userPattern     = `([A-Za-z0-9._@\\+$]|[^\x00-\x7f])([A-Za-z0-9._@\\+$-]|[^\x00-\x7f])*`
	hopPattern      = `((` + userPattern + `@)?(` + namePattern + `|\[[0-9A-Fa-f:.]+(%[^\]]+)?\])(:[0-9]{1,5})?|[0-9A-Fa-f:.]+(%[^,]+)?)`
	rangePattern    = `\[[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*\]`
	fillPattern     = `\{(name|site|rack)\}`
	addrPattern     = `([A-Za-z0-9:]|` + fillPattern + `|` + rangePattern + `)([A-Za-z0-9:._-]|` + fillPattern + `|` + rangePattern + `)*(%.+)?`
	hostPattern     = `^([A-Za-z0-9]|` + rangePattern + `)([A-Za-z0-9._-]|` + rangePattern + `)*$`
	tagPattern      = `^[A-Za-z0-9][A-Za-z0-9._:-]*$`
	linePattern     = `^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$`
	pathPattern     = `^/[^\x00-\x1f\x7f]*$`
	keyPattern      = `^(SHA256:[A-Za-z0-9+/]{43}|\s*[a-z0-9@.-]+\s+[A-Za-z0-9+/]+=*(\s.*)?)?$`
	durationPattern = `^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$`
	textPattern     = `[^\t\n\r ]` // not blank
	dayPattern      = `(Sun|Mon|Tue|Wed|Thu|Fri|Sat)(-(Sun|Mon|Tue|Wed|Thu|Fri|Sat))?`
	clockPattern    = `([01][0-9]|2[0-3]):[0-5][0-9]`
	spanPattern     = `\s*((1st|2nd|3rd|4th|5th|last)\s+)?(daily|` + dayPattern + `(,` + dayPattern + `)*)\s+` + clockPattern + `-(` + clockPattern + `|24:00)\s+[A-Za-z0-9/_+-]+\s*`
)

// WindowPattern is what ParseWindow accepts, as far as an expression can say it.
const WindowPattern = `^(any|` + spanPattern + `(;` + spanPattern + `)*)?$`

// orNothing is the pattern of a text that may also be empty.
func orNothing(pattern string) string { return "^(" + pattern + ")?$" }

// whole is the pattern of the whole text.
func whole(pattern string) string { return "^" + pattern + "$" }

// KeyTables are the tables, in the order in which a reference lists them. "every level" stands for [defaults], sites, racks and hosts.
var KeyTables = []string{"file", "every level", "site", "rack", "host", "expect", "group", "service"}

// Keys returns every key that Parse takes, table by table.
func Keys() []Key {
	return slices.Concat(topKeys(), inheritedKeys(), placeKeys(), memberKeys())
}

func topKeys() []Key {
	return []Key{
		{Table: "file", Name: "defaults", Type: "every level", Help: "what holds for all hosts that say nothing else"},
		{Table: "file", Name: "site", Type: "site", Help: "a room or a region: one [[site]] each"},
		{Table: "file", Name: "host", Type: "host", Help: "a host outside of the sites' tables; it names its site and rack itself"},
		{Table: "file", Name: "group", Type: "group", Help: "machines of which only so many may be down together"},
		{Table: "file", Name: "service", Type: "service", Help: "what the machines are for"},
	}
}

func inheritedKeys() []Key {
	const t = "every level"
	return []Key{
		{Table: t, Name: "addr", Type: "string", Help: "name or address; {name}, {site} and {rack} are filled in; a range goes along with the hosts' range; without it, ssh_config decides", Example: `"{name}.example.net"`, Pattern: orNothing(addrPattern)},
		{Table: t, Name: "port", Type: "int", Help: "TCP port", Example: `2222`, Range: [2]int{1, 65535}},
		{Table: t, Name: "user", Type: "string", Help: "login name", Example: `"ops"`, Pattern: orNothing(userPattern)},
		{Table: t, Name: "jump", Type: "strings", Help: "jump hosts, nearest to you first: [user@]host[:port], or a host of the inventory; \"none\" for a direct way", Example: `["bastion-1"]`, Pattern: orNothing(hopPattern + `(,` + hopPattern + `)*`)},
		{Table: t, Name: "become", Type: "string", Options: []string{"none", "sudo", "doas", "su"}, Help: "how a step gets root", Example: `"sudo"`},
		{Table: t, Name: "tags", Type: "strings", Help: "words to select by; the levels add up", Example: `["web", "prod"]`, Pattern: tagPattern},
		{Table: t, Name: "os", Type: "string", Help: "a hint until facts are read from the host", Example: `"debian-12"`, Pattern: orNothing(namePattern)},
		{Table: t, Name: "feeds", Type: "strings", Help: "power feeds", Example: `["A", "B"]`, Pattern: whole(namePattern)},
		{Table: t, Name: "window", Type: "string", Help: "maintenance window; \"any\" for none", Example: `"Sun 01:00-05:00 Europe/Amsterdam"`, Pattern: WindowPattern},
		{Table: t, Name: "shell", Type: "string", Options: []string{"none"}, Help: "\"none\" for gear without a POSIX sh: single commands only", Example: `"none"`},
		{Table: t, Name: "known_hosts", Type: "strings", Help: "files instead of those that ssh_config names; beside the inventory, where they are not absolute", Example: `["~/.ssh/known_hosts_rack"]`, Pattern: linePattern},
		{Table: t, Name: "identity", Type: "strings", Help: "key files instead of those that ssh_config names; beside the inventory, where they are not absolute", Example: `["~/.ssh/id_ops"]`, Pattern: linePattern},
		{Table: t, Name: "prod", Type: "bool", Help: "serves production; screens say so in words", Example: `true`},
		{Table: t, Name: "require_ticket", Type: "bool", Help: "a run that changes the host must name a ticket", Example: `true`},
		{Table: t, Name: "require_reason", Type: "bool", Help: "a run that changes the host, or a shell on it, must give a reason", Example: `true`},
		{Table: t, Name: "legacy_crypto", Type: "bool", Help: "weak algorithms of SSH are allowed as well, after all others: for old gear that speaks nothing else", Example: `true`},
		{Table: t, Name: "record_shell", Type: "bool", Help: "interactive shells on the host are recorded in the journal", Example: `true`},
		{Table: t, Name: "height", Type: "int", Help: "rack units that a host takes", Example: `2`, Range: [2]int{1, maxUnits}},
		{Table: t, Name: "locate", Type: "string", Help: "the runbook that makes the host's light blink; the built-in locate where it is not said", Example: `"uid-led"`, Pattern: orNothing(namePattern)},
		{Table: t, Name: "owner", Type: "string", Help: "whom to ask", Example: `"storage team"`, Pattern: linePattern},
		{Table: t, Name: "warranty", Type: "date", Help: "last day of the hardware's warranty", Example: `2028-06-30`},
		{Table: t, Name: "end_of_life", Type: "date", Help: "last day on which the hardware's maker has parts and firmware for it", Example: `2031-12-31`},
		{Table: t, Name: "vars", Type: "vars", Help: "runbook parameters of these hosts: \"RUNBOOK.PARAMETER\" = value", Example: `{ "health.disk_crit" = 98 }`},
		{Table: t, Name: "expect", Type: "expect", Help: "what should be found on the host; the levels add up", Example: `{ ports = [22, 443], units = ["nginx.service"] }`},
	}
}

func placeKeys() []Key {
	return []Key{
		{Table: "site", Name: "name", Type: "string", Help: "the site's name", Example: `"ams1"`, Required: true, Pattern: whole(namePattern)},
		{Table: "site", Name: "title", Type: "string", Help: "its name for people", Example: `"Amsterdam, Science Park"`, Pattern: linePattern},
		{Table: "site", Name: "rack", Type: "rack", Help: "a cabinet: [[site.rack]]"},
		{Table: "site", Name: "host", Type: "host", Help: "a host outside of racks: [[site.host]]"},
		{Table: "rack", Name: "name", Type: "string", Help: "the rack's name", Example: `"r07"`, Required: true, Pattern: whole(namePattern)},
		{Table: "rack", Name: "units", Type: "int", Help: "its height in units, 42 where it is not said", Example: `47`, Range: [2]int{1, maxUnits}},
		{Table: "rack", Name: "row", Type: "string", Help: "the row that it stands in", Example: `"B"`, Pattern: linePattern},
		{Table: "rack", Name: "host", Type: "host", Help: "a host, or a range of them: [[site.rack.host]]"},
		{Table: "host", Name: "name", Type: "string", Help: "unique; a range declares many at once", Example: `"web-[01-20]"`, Required: true, Pattern: hostPattern},
		{Table: "host", Name: "unit", Type: "units", Help: "the lowest unit that it takes, from 1 at the bottom; a range goes upwards from there, or give an array", Example: `12`, Range: [2]int{1, maxUnits}},
		{Table: "host", Name: "host_key", Type: "string", Help: "the key that the host must have: an authorized_keys line or a fingerprint", Example: `"SHA256:uNiVztksCsDhcc0u9e8BgrJXVGLVuLtPw0D4LMAsBxM"`, Pattern: keyPattern},
		{Table: "host", Name: "face", Type: "string", Options: []string{"front", "rear"}, Help: "the side that a host of half depth takes", Example: `"rear"`},
		{Table: "host", Name: "site", Type: "string", Help: "in a top-level [[host]]: its site", Example: `"ams1"`, Pattern: whole(namePattern)},
		{Table: "host", Name: "rack", Type: "string", Help: "in a top-level [[host]]: its rack", Example: `"r07"`, Pattern: whole(namePattern)},
		{Table: "expect", Name: "ports", Type: "ports", Help: "ports that are listened on; TCP where nothing is said", Example: `[22, "53/udp"]`},
		{Table: "expect", Name: "mounts", Type: "strings", Help: "mount points", Example: `["/srv"]`, Pattern: pathPattern},
		{Table: "expect", Name: "units", Type: "strings", Help: "units or services that run", Example: `["nginx.service"]`, Pattern: linePattern},
		{Table: "expect", Name: "certs", Type: "strings", Help: "certificate files whose end is watched", Example: `["/etc/ssl/web.pem"]`, Pattern: pathPattern},
	}
}

func memberKeys() []Key {
	return []Key{
		{Table: "group", Name: "name", Type: "string", Help: "the group's name", Example: `"pg-main"`, Required: true, Pattern: whole(namePattern)},
		{Table: "group", Name: "members", Type: "selector", Help: "who belongs to it", Example: `"tag=db site=ams1"`, Required: true, Pattern: textPattern},
		{Table: "group", Name: "max_down", Type: "limit", Help: "how many may be down together, whoever takes them down: a number, or a percentage", Example: `1`},
		{Table: "group", Name: "quorum", Type: "int", Help: "how many must stay up for the group to work at all", Example: `2`, Range: [2]int{1, math.MaxInt32}},
		{Table: "group", Name: "drain", Type: "string", Help: "script that takes a member out of service, run on it", Example: `"patronictl pause"`},
		{Table: "group", Name: "drain_proof", Type: "string", Help: "script that exits 0 once it is out", Example: `"! ss -Htn state established sport = :5432 | grep -q ."`},
		{Table: "group", Name: "undrain", Type: "string", Help: "script that takes it back", Example: `"patronictl resume"`},
		{Table: "group", Name: "undrain_proof", Type: "string", Help: "script that exits 0 once it is back", Example: `"pg_isready"`},
		{Table: "group", Name: "become", Type: "bool", Help: "run these scripts as root", Example: `true`},
		{Table: "group", Name: "drain_timeout", Type: "duration", Help: "how long each proof may take; ten minutes where nothing is said", Example: `"30m"`, Range: [2]int{1, math.MaxInt32}, Pattern: durationPattern},
		{Table: "group", Name: "soak", Type: "duration", Help: "how long a member that is back is left in service, and then proved again, before the next one goes", Example: `"2m"`, Range: [2]int{1, math.MaxInt32}, Pattern: durationPattern},
		{Table: "group", Name: "last", Type: "selector", Help: "which members go in waves of their own, behind all other hosts of a plan: the primary behind its replicas", Example: `"tag=primary"`, Pattern: textPattern},
		{Table: "service", Name: "name", Type: "string", Help: "the service's name", Example: `"billing"`, Required: true, Pattern: whole(namePattern)},
		{Table: "service", Name: "hosts", Type: "selector", Help: "what it runs on", Example: `"group=pg-main"`, Required: true, Pattern: textPattern},
		{Table: "service", Name: "owner", Type: "string", Help: "whom to ask", Example: `"payments"`, Pattern: linePattern},
		{Table: "service", Name: "rto", Type: "duration", Help: "how long it may be away", Example: `"1h"`, Range: [2]int{1, math.MaxInt32}, Pattern: durationPattern},
		{Table: "service", Name: "rpo", Type: "duration", Help: "how much of its data may be lost", Example: `"15m"`, Range: [2]int{1, math.MaxInt32}, Pattern: durationPattern},
		{Table: "service", Name: "end_of_life", Type: "date", Help: "the day on which it ends", Example: `2028-06-30`},
		{Table: "service", Name: "backup", Type: "string", Help: "where and how it is backed up, in words or as a path", Example: `"restic, nightly, to ber2"`, Pattern: linePattern},
		{Table: "service", Name: "depends", Type: "strings", Help: "services that it needs", Example: `["ldap"]`, Pattern: whole(namePattern)},
	}
}
