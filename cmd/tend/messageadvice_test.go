package main

import "testing"

// importAdvice is what to do about what an import says. Where the message itself says how it is written, that is all that can be said.
var importAdvice = map[string]string{
	`a section is written [group], [group:vars] or [group:children]`:     "write it so",
	`[…] is no section: write [group], [group:vars] or [group:children]`: "write it so",
	`"…" is no name=value`:                                                   "write `name=value`; quote a value that holds blanks",
	`a … is not closed`:                                                      "close the quote",
	`"…": a [ is not closed`:                                                 "close the range: `web-[01:20]`",
	`"…" stands for more than … hosts`:                                       "write several ranges, or look for a figure too many",
	`the step "…" is no number above 0`:                                      "`[0:10:2]` has the step 2",
	`a range is written [01:20] or [a:f]`:                                    "write it so",
	`a range is written [01:20] or [a:f], the smaller end first`:             "write it so",
	`NetBox says …`:                                                          "`$NETBOX_TOKEN` must hold a token that may read devices",
	`there is no list of results in it`:                                      "give what `/api/dcim/devices/` answers",
	`it sends us on to …: ask there`:                                         "give that address, if it is the right one: the token goes to no server that you did not name",
	`it answered …`:                                                          "401 and 403: `$NETBOX_TOKEN`; 404: the address",
	`it answered no JSON: …`:                                                 "is it the address of NetBox itself, and not of a login page before it?",
	`…: adding to it would change …; nothing was written`:                    "write the new hosts into a file of their own (`-o`), and copy them in by hand",
	`a site that is not written as [[site]] cannot be added to by a program`: "write it as `[[site]]`, or copy the new hosts in by hand",
}

// signatureAdvice is what to do about a signature, of an approval or a seal, that cannot be made or does not hold.
var signatureAdvice = map[string]string{
	`the signature is for "…", not for "…"`:              "it was made for something else: `tend plan approve` and `tend journal seal` sign for the right thing",
	`the signature's key: …`:                             "sign again; the signature is not whole",
	`signed with another key, …`:                         "sign with the key that the plan names for this person: `--key FILE`",
	`the signature: …`:                                   "sign again; the signature is not whole",
	`the signature is over SHA-1, which proves nothing`:  "sign again with an ed25519 key, or a newer OpenSSH",
	`the signature is not of this text`:                  "the text was changed after it was signed: see what changed, and have it signed anew",
	`not a public key: …`:                                "write the line of its `.pub` file: `ssh-ed25519 AAAA…`",
	`line …: no public key`:                              "mend that line of the allowed_signers file: `NAME ssh-ed25519 AAAA…`",
	`line …: …`:                                          "mend that line of the allowed_signers file",
	`the option "…" is not known here`:                   "leave it out: of an allowed_signers line's options only `namespaces` is understood, and another might forbid",
	`no key to sign with`:                                "`ssh-add`, or `--key FILE`",
	`…: name one with --key, or load one into the agent`: "`ssh-add`, or `--key FILE`",
	`agent …: …`:                                         "start the agent, or unset `SSH_AUTH_SOCK` and give `--key FILE`",
	`… has a passphrase, and nobody is there to type it: load it into the agent`: "`ssh-add FILE`",
	`… is a public key, and the agent does not hold it`:                          "`ssh-add` the private key, or give its file",
	`sign: …`: "the agent refused: `ssh-add -l`; a security key wants to be touched within a minute",
	`sign: the key signed with SHA-1, which ssh-keygen refuses`: "use an ed25519 key, or a newer agent",
	`signatures over "…" are not known here`:                    "sign again; OpenSSH takes sha512 or sha256",
	`not an SSH signature`:                                      "give all of it, from `BEGIN SSH SIGNATURE` to its `END`",
	`not an SSH signature: …`:                                   "sign again; it was changed on its way",
	`not an SSH signature of version 1`:                         "sign again, with OpenSSH",
	`an SSH signature with something behind it`:                 "sign again; something was added to it",
	`the signer's key: …`:                                       "sign again; the signature is not whole",
	`an SSH string is cut off`:                                  "sign again; the signature is not whole",
}

// runnerAdvice is what to do where a run's process cannot be begun or reached.
var runnerAdvice = map[string]string{
	`nobody is there to answer`:                          "`tend attach RUN` from a terminal, load the key into the agent, or set `SSH_ASKPASS`",
	`declined`:                                           "nothing: you said no; a host that is retried asks again",
	`that question is answered already`:                  "nothing: somebody else was faster",
	`no process is carrying this run out`:                "`tend resume RUN`",
	`the run's process did not answer: …`:                "try again; `tend runs` says whether it is alive",
	`run … has ended (…): there is nothing to resume`:    "`tend journal show RUN` says how it ended; begin another with `tend run`",
	`run's socket: …`:                                    "`tend doctor` says what is wrong with the sockets' directory",
	`unknown request "…"`:                                "the run was begun by another version: attach with that one (`tend version`)",
	`no decision given`:                                  "the run was begun by another version: decide with that one (`tend version`)",
	`the run has ended`:                                  "`tend journal show RUN` says how",
	`… is not a directory`:                               "remove it, or set `XDG_RUNTIME_DIR`",
	`… belongs to another user`:                          "remove it, or set `XDG_RUNTIME_DIR` to a directory of your own",
	`…: other users may enter it (mode …); chmod 700 it`: "`chmod 700` it",
	`start the run's process: …`:                         "is there room for one more process (`ulimit -u`), and may tend's own file be executed?",
	`the run's process did not take its plan: …`:         "nothing was begun; what follows says why",
	`the run's process ended before it began: …`:         "nothing was begun; what follows says why",
	`no commission on standard input: …`:                 "that command is tend's own: use `tend run`",
}

// TestEveryMessageIsAdvised: what these packages say has something to do beside it, in the source or above; and nothing
// above is of a message that is said no more.
func TestEveryMessageIsAdvised(t *testing.T) {
	for _, r := range rooms {
		if r.by == nil {
			continue
		}
		said := map[string]bool{}
		for _, m := range r.messages() {
			said[m.text] = true
			if (m.advice == "") == (r.by[m.text] == "") {
				t.Errorf("%s: %q: the source advises %q, the list by hand %q; one of them should", r.title, m.text, m.advice, r.by[m.text])
			}
		}
		for text := range r.by {
			if !said[text] {
				t.Errorf("%s: nothing says %q any more", r.title, text)
			}
		}
	}
}
