// Package sshsig answers WHO SIGNED THIS: OpenSSH's signatures over text (PROTOCOL.sshsig), made with an agent or a key file and
// verified against the keys that are trusted.
//
// Its law: a signature holds for one text, in one namespace, by one key, or not at all; SHA-1 is refused; a private key is used and
// never kept.
package sshsig
