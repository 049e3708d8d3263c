package userland

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tend/lab/kernel"
)

// Date prints lab time: +FORMAT, -d, -r FILE or (BSD) SECONDS, -u, -R, -I.
func Date(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "ud:r:RIjf:v:s:", map[string]byte{"utc": 'u', "date": 'd', "reference": 'r', "rfc-email": 'R', "iso-8601": 'I', "universal": 'u', "set": 's'})
	if !ok {
		return t.bad(1)
	}
	now := p.Now().UTC()
	if d := t.val('d'); d != "" {
		when, ok := parseDate(d, now)
		if !ok {
			t.fail("invalid date '%s'", d)
			return 1
		}
		now = when.UTC()
	}
	if r := t.val('r'); r != "" {
		if i, err := t.stat(r, true); err == nil {
			now = i.Mtime.UTC()
		} else if n, e := strconv.ParseInt(r, 10, 64); e == nil {
			now = time.Unix(n, 0).UTC()
		} else {
			t.fail("%s: %s", r, errText(err))
			return 1
		}
	}
	if t.has("s") {
		t.fail("cannot set date: Operation not permitted")
		return 1
	}
	format := "%a %b %e %H:%M:%S %Z %Y"
	switch {
	case t.has("R"):
		format = "%a, %d %b %Y %H:%M:%S %z"
	case t.has("I"):
		format = map[string]string{"": "%F", "date": "%F", "seconds": "%FT%T+00:00", "s": "%FT%T+00:00", "ns": "%FT%T,%N+00:00"}[t.val('I')]
	}
	for _, a := range t.args {
		if !strings.HasPrefix(a, "+") {
			t.fail("invalid date '%s'", a)
			return 1
		}
		format = a[1:]
	}
	t.printf("%s\n", Strftime(format, now))
	return t.end()
}

// Strftime formats as strftime(3) does in the C locale, with GNU's %s, %N and the flags - and 0.
func Strftime(format string, t time.Time) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		flag := byte(0)
		if strings.IndexByte("-_0^:", format[i]) >= 0 && i+1 < len(format) {
			flag = format[i]
			i++
		}
		width := 0
		for i+1 < len(format) && format[i] >= '0' && format[i] <= '9' {
			width = width*10 + int(format[i]-'0')
			i++
		}
		text := strftimeField(format[i], t)
		switch {
		case flag == '-':
			if text = strings.TrimLeft(text, "0 "); text == "" {
				text = "0"
			}
		case flag == '^':
			text = strings.ToUpper(text)
		case flag == ':' && format[i] == 'z':
			text = t.Format("-07:00")
		case format[i] == 'N' && width > 0:
			text = text[:min(width, 9)]
		}
		b.WriteString(text)
	}
	return b.String()
}

func strftimeField(c byte, t time.Time) string {
	layouts := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'y': "06", 'e': "_2", 'I': "03",
		'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06", 'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January",
		'h': "Jan", 'p': "PM", 'Z': "MST", 'z': "-0700", 'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05", 'r': "03:04:05 PM"}
	if l, ok := layouts[c]; ok {
		return t.Format(l)
	}
	year, week := t.ISOWeek()
	switch c {
	case 's':
		return strconv.FormatInt(t.Unix(), 10)
	case 'N':
		return fmt.Sprintf("%09d", t.Nanosecond())
	case 'j':
		return fmt.Sprintf("%03d", t.YearDay())
	case 'u':
		return strconv.Itoa((int(t.Weekday())+6)%7 + 1)
	case 'w':
		return strconv.Itoa(int(t.Weekday()))
	case 'V':
		return fmt.Sprintf("%02d", week)
	case 'G':
		return strconv.Itoa(year)
	case 'k':
		return fmt.Sprintf("%2d", t.Hour())
	case 'l':
		return fmt.Sprintf("%2d", (t.Hour()+11)%12+1)
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case '%':
		return "%"
	}
	return "%" + string(c)
}

var dateLayouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
	"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700", "Mon 2006-01-02 15:04:05 MST", "Jan _2 15:04:05 2006 MST",
	"Jan 2 15:04:05 2006 MST", "Mon Jan _2 15:04:05 MST 2006", time.RFC1123, time.RFC1123Z, "Jan _2 15:04:05 2006", "20060102"}

// parseDate reads what date -d takes in scripts: a few layouts, @seconds, now, today, and "3 days ago".
func parseDate(s string, now time.Time) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "@"); ok {
		f, err := strconv.ParseFloat(rest, 64)
		return time.Unix(0, int64(f*1e9)), err == nil
	}
	for _, l := range dateLayouts {
		if t, err := time.Parse(l, s); err == nil {
			return t, true
		}
	}
	switch s {
	case "", "now":
		return now, true
	case "today":
		return now, true
	case "yesterday":
		return now.AddDate(0, 0, -1), true
	case "tomorrow":
		return now.AddDate(0, 0, 1), true
	}
	return relativeDate(strings.Fields(strings.TrimPrefix(s, "now ")), now)
}

func relativeDate(f []string, now time.Time) (time.Time, bool) {
	sign := 1
	if n := len(f); n > 0 && f[n-1] == "ago" {
		sign, f = -1, f[:n-1]
	}
	if len(f) == 0 || len(f)%2 != 0 {
		return now, false
	}
	for i := 0; i < len(f); i += 2 {
		n, err := strconv.Atoi(f[i])
		if err != nil {
			return now, false
		}
		n *= sign
		switch strings.TrimSuffix(f[i+1], "s") {
		case "sec", "second":
			now = now.Add(time.Duration(n) * time.Second)
		case "min", "minute":
			now = now.Add(time.Duration(n) * time.Minute)
		case "hour":
			now = now.Add(time.Duration(n) * time.Hour)
		case "day":
			now = now.AddDate(0, 0, n)
		case "week":
			now = now.AddDate(0, 0, 7*n)
		case "month":
			now = now.AddDate(0, n, 0)
		case "year":
			now = now.AddDate(n, 0, 0)
		default:
			return now, false
		}
	}
	return now, true
}
