// Command tend is the console. Package main answers WHICH COMMAND DOES WHAT: it reads flags, wires the packages together and turns
// results into exit codes.
//
// Its law: it alone knows everyone, and it alone ends the process. Exit codes: 0 all passed, 1 some host failed, 2 usage or bad
// input, 3 aborted or unknown outcome.
package main

import (
	"context"
	"os"
)

func main() {
	stop := profile(os.Getenv("TEND_PROFILE"))
	code := Main(context.Background(), os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}, os.Getenv)
	stop()
	os.Exit(code)
}
