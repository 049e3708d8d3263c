// Package ssh answers HOW DO WE GET THERE: it carries a command to a host and its output back, by the same road that the
// operator's own ssh would take.
//
// Its law: a host that has not proved who it is learns nothing. No user name, key, password or command leaves for a host whose key
// is unknown, changed or revoked; and nothing that a host says reaches a reader unescaped.
//
// A Client keeps one connection per host for a whole run and shares jump hosts between all that ride on them. Exec is the one
// verb; everything else is what it takes to make it true: settings (ssh_config and the inventory), the dial with its limits and
// back-off, the host key, the login with its prompts, the kept link with its keepalive.
//
// Three rules run through the package. Every call into x/crypto/ssh that can block runs in a goroutine that the Client owns, and
// the caller waits for it or for its context, whichever comes first: x/crypto's own time-outs do not cover a silent server. A kept
// link is ended by closing it, never by asking the far side. And an error says whether the command was sent: see Error.NotStarted.
package ssh
