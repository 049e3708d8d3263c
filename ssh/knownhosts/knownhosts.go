// Package knownhosts answers WHOSE KEY IS THIS: what OpenSSH's known_hosts files say about a host's name.
//
// Its law: a line is believed whole or not at all. A torn or unknown line costs a warning with its number and nothing else; it never
// hides the lines around it, and never makes a host look unknown or changed that another line knows.
//
// The format is that of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: names with ports and wildcards, hashed names, the markers
// @cert-authority and @revoked. Plain names are found in a map; hashed names cost one HMAC a line for a name that is asked for the
// first time, and are remembered from then on.
package knownhosts

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"tend/quote"
	"tend/ssh/glob"
)

// The markers of a line.
const (
	MarkCA      = "@cert-authority"
	MarkRevoked = "@revoked"
)

// maxLine bounds one line; OpenSSH's own keys stay below 20 KiB.
const maxLine = 64 << 10

// Entry is one believed line: whose it is was asked by name, so it only says which key and where.
type Entry struct {
	Marker string // "", MarkCA or MarkRevoked
	Type   string // "ssh-ed25519"
	Blob   []byte // the key in wire format (RFC 4253 section 6.6)
	File   string
	Line   int // from 1
}

// Warning is a line that was not believed.
type Warning struct {
	File string
	Line int // 0 = the file itself
	Text string
}

// String is "file:line: text", fit for a terminal.
func (w Warning) String() string {
	at := quote.Line(w.File)
	if w.Line > 0 {
		at += ":" + strconv.Itoa(w.Line)
	}
	return at + ": " + quote.Line(w.Text)
}

// Set is what the files say about one name.
type Set struct {
	Keys, CAs, Revoked []Entry
}

func (s *Set) add(e *Entry) {
	switch e.Marker {
	case MarkCA:
		s.CAs = append(s.CAs, *e)
	case MarkRevoked:
		s.Revoked = append(s.Revoked, *e)
	default:
		s.Keys = append(s.Keys, *e)
	}
}

// DB is the index of some files. It is safe for concurrent use.
type DB struct {
	plain    map[string][]*Entry
	patterns []patternEntry
	warnings []Warning

	mu     sync.Mutex
	hashed []hashedEntry       // names not asked for yet
	found  map[string][]*Entry // hashed entries whose name is known by now
	asked  map[string]struct{} // names compared with every line of hashed
}

type patternEntry struct {
	patterns []string
	*Entry
}

// Load reads files in their order. A file that is absent is empty; one that cannot be read is a warning.
func Load(paths ...string) *DB {
	db := &DB{plain: map[string][]*Entry{}, found: map[string][]*Entry{}, asked: map[string]struct{}{}}
	for _, p := range paths {
		err := db.load(p)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			db.warn(p, 0, err.Error())
		}
	}
	return db
}

// load reads one file; /dev/null, a common way to say "none", is empty.
func (db *DB) load(path string) error {
	st, err := os.Stat(path) // before opening: opening a FIFO would hang, and a device may have no end
	switch {
	case err != nil:
		return err
	case path == os.DevNull:
		return nil
	case !st.Mode().IsRegular():
		return errors.New("is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return db.read(f, path)
}

// Parse is Load for one file that is already in memory; name is what warnings call it.
func Parse(r io.Reader, name string) (*DB, error) {
	db := &DB{plain: map[string][]*Entry{}, found: map[string][]*Entry{}, asked: map[string]struct{}{}}
	return db, db.read(r, name)
}

// Warnings lists the lines that were not believed.
func (db *DB) Warnings() []Warning { return db.warnings }

// Name is a host as known_hosts writes it: lower case, "[host]:port" where the port is not 22.
func Name(host string, port int) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if port == 22 || port == 0 {
		return host
	}
	return "[" + host + "]:" + strconv.Itoa(port)
}

// Lookup returns every believed line for name, which comes from Name or is a HostKeyAlias.
func (db *DB) Lookup(name string) Set {
	name = strings.ToLower(name)
	var s Set
	for _, e := range db.plain[name] {
		s.add(e)
	}
	for _, e := range db.byHash(name) {
		s.add(e)
	}
	for _, p := range db.patterns {
		if glob.List(name, p.patterns) {
			s.add(p.Entry)
		}
	}
	return s
}

func (db *DB) read(r io.Reader, name string) error {
	br := bufio.NewReaderSize(r, 32<<10)
	for line := 1; ; line++ {
		text, long, err := readLine(br)
		switch {
		case long:
			db.warn(name, line, fmt.Sprintf("line is longer than %d bytes", maxLine))
		case len(text) > 0:
			db.line(text, name, line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readLine returns one line without its newline; long says that it went over maxLine and was skipped.
func readLine(br *bufio.Reader) (text []byte, long bool, err error) {
	for {
		part, err := br.ReadSlice('\n')
		if len(text)+len(part) > maxLine {
			long, text = true, text[:0]
		} else if !long {
			text = append(text, part...)
		}
		if err != bufio.ErrBufferFull {
			return bytes.TrimSpace(text), long, err
		}
	}
}

func (db *DB) line(text []byte, file string, n int) {
	if text[0] == '#' {
		return
	}
	if bytes.IndexByte(text, 0) >= 0 {
		db.warn(file, n, "holds a NUL byte; skipped")
		return
	}
	e, hosts, err := parseLine(string(text))
	if err != nil {
		db.warn(file, n, err.Error()+"; skipped")
		return
	}
	e.File, e.Line = file, n
	if err := db.index(e, hosts); err != nil {
		db.warn(file, n, err.Error()+"; skipped")
	}
}

func parseLine(text string) (e *Entry, hosts string, err error) {
	f := strings.Fields(text)
	e = &Entry{}
	if strings.HasPrefix(f[0], "@") {
		e.Marker = strings.ToLower(f[0])
		if e.Marker != MarkCA && e.Marker != MarkRevoked {
			return nil, "", fmt.Errorf("unknown marker %q", f[0])
		}
		f = f[1:]
	}
	if len(f) < 3 {
		return nil, "", fmt.Errorf("torn line: want host, key type and key")
	}
	if strings.Trim(f[1], "0123456789") == "" {
		return nil, "", fmt.Errorf("key of SSH protocol 1")
	}
	e.Type = f[1]
	e.Blob, err = base64.StdEncoding.DecodeString(f[2])
	if err != nil {
		return nil, "", fmt.Errorf("torn key: not base64")
	}
	return e, f[0], checkBlob(e.Type, e.Blob)
}

// fields is how many length-prefixed fields follow the type in a key of that type (RFC 4253, 5656, 8709; PROTOCOL.u2f).
var fields = map[string]int{
	"ssh-ed25519": 1, "ssh-rsa": 2, "ssh-dss": 4,
	"ecdsa-sha2-nistp256": 2, "ecdsa-sha2-nistp384": 2, "ecdsa-sha2-nistp521": 2,
	"sk-ssh-ed25519@openssh.com": 2, "sk-ecdsa-sha2-nistp256@openssh.com": 3,
	"ssh-mldsa-44": 1, "ssh-mldsa-65": 1, "ssh-mldsa-87": 1,
}

// checkBlob holds a key against its type: whole, and nothing behind it.
func checkBlob(typ string, blob []byte) error {
	name, rest, ok := field(blob)
	if !ok {
		return fmt.Errorf("torn key: cut short")
	}
	if string(name) != typ {
		return fmt.Errorf("key type %q does not match its key, which is %q", typ, name)
	}
	n, known := fields[typ]
	if !known {
		return fmt.Errorf("unknown key type %q", typ)
	}
	for range n {
		if _, rest, ok = field(rest); !ok {
			return fmt.Errorf("torn key: cut short")
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("key has %d bytes too many", len(rest))
	}
	return nil
}

func field(b []byte) (f, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

func (db *DB) index(e *Entry, hosts string) error {
	names := strings.Split(hosts, ",")
	if !wild(names) {
		for _, name := range names {
			if err := db.indexName(e, name); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range names {
		names[i] = strings.ToLower(names[i])
	}
	db.patterns = append(db.patterns, patternEntry{names, e})
	return nil
}

func wild(names []string) bool {
	for _, n := range names {
		if strings.HasPrefix(n, "!") || !strings.HasPrefix(n, "|") && strings.ContainsAny(n, "*?") {
			return true
		}
	}
	return false
}

func (db *DB) indexName(e *Entry, name string) error {
	switch {
	case name == "":
		return nil
	case name[0] == '|':
		h, err := parseHash(name)
		if err != nil {
			return err
		}
		h.Entry = e
		db.hashed = append(db.hashed, h)
		return nil
	}
	name = strings.ToLower(name)
	if h, p, err := net.SplitHostPort(name); err == nil && p == "22" && name[0] == '[' {
		name = h // "[host]:22" is host
	}
	db.plain[name] = append(db.plain[name], e)
	return nil
}

func (db *DB) warn(file string, line int, text string) {
	db.warnings = append(db.warnings, Warning{file, line, text})
}
