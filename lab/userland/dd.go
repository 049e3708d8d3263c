package userland

import (
	"strings"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// Dd copies blocks: if= of= bs= count= skip= seek= conv=notrunc status=.
func Dd(p *kernel.Proc, args []string) int {
	t, _ := start(p, args[:1], "", nil)
	opt := map[string]string{}
	for _, a := range args[1:] {
		k, v, ok := strings.Cut(a, "=")
		if !ok || !strings.Contains(" if of bs ibs obs count skip seek conv status iflag oflag ", " "+k+" ") {
			t.fail("unrecognized operand '%s'", a)
			return t.bad(1)
		}
		opt[k] = v
	}
	number := func(k string, def int64) int64 {
		if opt[k] == "" {
			return def
		}
		n, ok := amount(opt[k])
		if !ok {
			t.fail("invalid number: '%s'", opt[k])
		}
		return n
	}
	bs, count, skip := number("bs", 512), number("count", 1<<40), number("skip", 0)
	if t.status != 0 || bs <= 0 {
		return 1
	}
	if path := opt["if"]; path != "" {
		f, err := p.Open(path, vfs.Read, 0)
		if err != nil {
			t.fail("failed to open '%s': %s", path, errText(err))
			return 1
		}
		p.SetFD(0, f)
	}
	if path := opt["of"]; path != "" {
		flags := vfs.Write | vfs.Create | vfs.Trunc
		if strings.Contains(opt["conv"], "notrunc") {
			flags = vfs.Write | vfs.Create
		}
		f, err := p.Open(path, flags, 0o666)
		if err != nil {
			t.fail("failed to open '%s': %s", path, errText(err))
			return 1
		}
		p.SetFD(1, f)
	}
	if d := p.Disk(0); d != nil {
		d.SeekTo(skip * bs)
	}
	full, part, bytes := t.ddCopy(min(bs, 1<<20), count)
	if opt["status"] != "none" {
		t.out.Flush()
		end := ""
		if opt["status"] != "noxfer" {
			end = " bytes copied\n"
		}
		p.Stderr().Write([]byte(sprint(full) + "+" + sprint(part) + " records in\n" + sprint(full) + "+" + sprint(part) + " records out\n" + sprint(bytes) + end))
	}
	return t.end()
}

func (t *tool) ddCopy(bs, count int64) (full, part, bytes int64) {
	buf := make([]byte, bs)
	for full+part < count && !t.p.Dead() {
		n, err := t.p.Read(0, buf)
		if n == 0 || err != nil {
			break
		}
		if int64(n) == bs {
			full++
		} else {
			part++
		}
		bytes += int64(n)
		if _, err := t.p.Write(1, buf[:n]); err != nil {
			if !t.p.Dead() {
				t.fail("error writing 'standard output': %s", errText(err))
			}
			break
		}
	}
	return full, part, bytes
}
