package lab_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tend/lab"
)

// TestNothingBeneath keeps the law by its imports: what runs a script knows neither files, processes nor sockets of the machine
// beneath. goawk can open files and start commands, so its options are looked at too.
func TestNothingBeneath(t *testing.T) {
	forbidden := map[string]bool{"os": true, "os/exec": true, "os/user": true, "os/signal": true, "net": true, "net/http": true, "syscall": true,
		"golang.org/x/sys/unix": true, "io/ioutil": true, "plugin": true, "unsafe": true, "path/filepath": true,
		"mvdan.cc/sh/v3/interp": true, "mvdan.cc/sh/v3/expand": true}
	n := 0
	for _, dir := range []string{"vfs", "kernel", "shell", "userland", "machine"} {
		files, _ := filepath.Glob(dir + "/*.go")
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			n++
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range f.Imports {
				if path, _ := strconv.Unquote(i.Path.Value); forbidden[path] {
					t.Errorf("%s imports %s", name, path)
				}
			}
		}
	}
	if n < 40 {
		t.Fatalf("only %d files were looked at", n)
	}
	awk, err := os.ReadFile("userland/awk.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NoExec: true", "NoFileWrites: true", "NoFileReads: true", "Environ: environ"} {
		if !strings.Contains(string(awk), want) {
			t.Errorf("awk runs without %s", want)
		}
	}
}

// TestEscapes tries to reach a secret file, the environment and the programs of the machine beneath by every road that a script has.
func TestEscapes(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	const word = "beneath-7c1f"
	if err := os.WriteFile(secret, []byte(word+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LAB_BENEATH", word)
	host, _ := os.Hostname()
	l := serve(t, lab.Options{Faults: []lab.Fault{{Name: "alive"}}})
	for _, name := range []string{"deb-1", "rocky-1", "alp-1"} {
		c := mustDial(t, l, name)
		for _, line := range []string{
			"cat " + secret, "cat < " + secret, "head -5 " + secret, "read x < " + secret + "; echo $x", ". " + secret, "source " + secret, "sh " + secret,
			"grep -r . " + dir, "find " + dir, "ls -la " + dir, "test -e " + secret + " && echo " + word, "[ -f " + secret + " ] && echo " + word,
			"echo " + dir + "/*", "cd " + dir + " && echo " + word, "awk '{print}' " + secret, "awk 'BEGIN{while((getline l < \"" + secret + "\")>0)print l}'",
			"awk 'BEGIN{system(\"cat " + secret + "\")}'", "awk 'BEGIN{\"cat " + secret + "\"|getline x; print x}'", "awk 'BEGIN{print ENVIRON[\"LAB_BENEATH\"]}'",
			"sed '' " + secret, "sed 'r " + secret + "' /etc/hostname", "sed -n 'w " + dir + "/written' /etc/hostname", "sed -i s/x/y/ " + secret,
			"sort " + secret, "cut -c1- " + secret, "wc " + secret, "sha256sum " + secret, "base64 " + secret, "od -c " + secret, "dd if=" + secret,
			"cp " + secret + " /tmp/x; cat /tmp/x", "ln " + secret + " /tmp/l; cat /tmp/l", "ln -s " + secret + " /tmp/s; cat /tmp/s", "tail -n 1 " + secret,
			"env", "printenv LAB_BENEATH", "echo $LAB_BENEATH", "set", "cat /proc/self/environ", "cat /proc/1/environ", "echo ~root ~nobody ~daemon",
			"cat /dev/stdin < " + secret, "exec 3< " + secret + "; cat <&3", "x=$(cat " + secret + "); echo $x", "bash -c 'echo $(<" + secret + ")'",
			"bash -c 'cat <(cat " + secret + ")'", "openssl x509 -in " + secret, "xargs -a " + secret + " echo", "diff " + secret + " /dev/null", "cmp " + secret + " /dev/null",
			"stat " + secret, "readlink -f " + secret + "; cat $(readlink -f " + secret + ")", "tee " + dir + "/written < /etc/hostname", "mkdir " + dir + "/made", "touch " + dir + "/written",
			"echo x > " + dir + "/written", "rm -rf " + dir, "rm -f " + secret, "mv " + secret + " /tmp/m; cat /tmp/m", "chmod 777 " + secret, "mktemp -p " + dir,
			"cat /tmp/sh-interp-0", "uname -n; hostname", "cat /etc/hostname", "command -v go; type go; which go", "/usr/local/go/bin/go version", "python3 -c 'print(1)'", "perl -e 'print 1'",
		} {
			out, errs, _, err := run(c, line, "")
			if err != nil {
				t.Errorf("%s: %q: %v", name, line, err)
				continue
			}
			// What the shell says of a line may quote it; the word is in none of them but where a test printed it as its success.
			if strings.Contains(out+errs, word) || host != "" && strings.Contains(out, host) {
				t.Errorf("%s: %q reached beneath:\n%s%s", name, line, out, errs)
			}
		}
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 {
		t.Errorf("the directory beneath was touched: %v, %v", list, err)
	}
	if b, _ := os.ReadFile(secret); string(b) != word+"\n" {
		t.Errorf("the file beneath was changed: %q", b)
	}
}

// TestLabsOwn shows that the same names lead to the lab's own files and programs.
func TestLabsOwn(t *testing.T) {
	l := serve(t, lab.Options{Faults: []lab.Fault{{Name: "alive"}}})
	c := mustDial(t, l, "deb-1")
	for line, want := range map[string]string{
		"grep -c ^ops: /etc/passwd":                                        "1\n",
		"echo hi >/tmp/x && cat /tmp/x && ls /tmp/x":                       "hi\n/tmp/x\n",
		"/bin/ls -d /etc":                                                  "/etc\n",
		"command -v ls sh":                                                 "/usr/bin/ls\n/usr/bin/sh\n",
		"cd /etc && echo host[n]ame && pwd":                                "hostname\n/etc\n",
		"[ -f /etc/passwd ] && [ -d /proc ] && echo yes":                   "yes\n",
		"echo $HOME $USER $SHELL":                                          "/home/ops ops /bin/bash\n",
		"printf '#!/bin/sh\\necho ran $1\\n' >s && chmod +x s && ./s arg":  "ran arg\n",
		"echo 'echo sourced' >/tmp/s; . /tmp/s":                            "sourced\n",
		"exec echo replaced":                                               "replaced\n",
		"umask 077; touch u; stat -c %a u":                                 "600\n",
		"nosuchcommand; echo $?":                                           "127\n",
		"(kill -9 $$) ; echo no":                                           "",
		"cat /proc/self/comm; readlink /proc/self >/dev/null && echo link": "cat\nlink\n",
		"echo abc | awk '{print toupper($0)}'":                             "ABC\n",
		"sh -c 'echo $PPID' | grep -c '^[0-9]*$'":                          "1\n",
		"sleep 0.01 & wait $!; echo $?":                                    "0\n",
		"echo ~root":                                                       "/root\n",
		"id -un; sudo id -un":                                              "ops\nroot\n",
		"cat /etc/shadow":                                                  "",
		"echo x 2>/dev/null >/etc/passwd; echo $?":                         "1\n",
	} {
		out, _, _, err := run(c, line, "")
		if want == "" && err != nil {
			continue // killed, which is no exit status
		}
		if err != nil || out != want {
			t.Errorf("%q: %q, %v; want %q", line, out, err, want)
		}
	}
}

// TestRunaways: a script that never ends, eats memory, forks without end or recurses does not take the lab with it.
func TestRunaways(t *testing.T) {
	l := serve(t, lab.Options{Faults: []lab.Fault{{Name: "alive"}}, Speed: 1})
	c := mustDial(t, l, "deb-1")
	for _, line := range []string{
		"f() { f; }; f", "f() { f | f & }; f; sleep 0.1", "x=a; while :; do x=$x$x || break; done", "eval 'g() { eval g; }'; g", "s() { $(s); }; s",
		"while :; do sh -c true & done", "yes >/tmp/big", "awk 'BEGIN{while(1)x++}'", "while :; do :; done", "cat /dev/zero | tr a b >/dev/null", "sh -c 'exec sh $0' $0", "sleep 1000",
	} {
		s, err := c.NewSession()
		if err != nil {
			t.Fatalf("before %q: %v", line, err)
		}
		if err := s.Start(line); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		done := make(chan error, 1)
		go func() { done <- s.Wait() }()
		select {
		case <-done:
		case <-time.After(700 * time.Millisecond):
			s.Signal("KILL")
			select {
			case <-done:
			case <-time.After(10 * time.Second * slowdown):
				t.Fatalf("%q was not killed", line)
			}
		}
		s.Close()
		if out, errs, _, err := run(c, "echo alive", ""); err != nil || out != "alive\n" {
			out2, _, _, _ := run(c, "ps -A | wc -l", "")
			t.Fatalf("after %q: %q %q %v; processes %s", line, out, errs, err, out2)
		}
	}
}
