// Package ui answers WHAT IS SEEN: the console's screens, and the same events as plain lines where there is no screen.
//
// Its law: it folds events and never performs one. Nothing here connects, writes a journal or decides; what an operator wants is
// handed to the interfaces in Config, and what came of it is read back from the journal. Closing the console, losing its terminal or
// a panic in it leaves every run as it was. Nothing that a host, a file or a journal holds reaches the terminal unescaped.
package ui
