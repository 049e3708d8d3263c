// Package asciicast answers WHAT A TERMINAL SHOWED, AND WHEN, in the format asciicast v3 (https://docs.asciinema.org/manual/asciicast/v3/).
//
// Its law: what was typed is never recorded, for passwords are typed; and what is replayed may paint and move the cursor, and do nothing
// else to the terminal that it is replayed on.
package asciicast
