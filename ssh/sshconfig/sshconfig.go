// Package sshconfig answers WHAT DOES THE OPERATOR'S SSH_CONFIG SAY about a host.
//
// Its law: it says what `ssh -G` would say. Every condition of a Host or Match line is tested before a value under it counts; what
// is not understood is an error or a warning with its file and line, never a value that applies to the wrong host. A test holds it
// against the real ssh, option by option, over a corpus of configurations.
//
// The grammar and its evaluation follow OpenSSH's readconf.c and ssh.c (9.2), as ssh_config(5) describes them: files are read in
// order, the first value of an option wins, some options collect; a configuration that asks for it (Match final, or canonical host
// names) is evaluated a second time with the final host name.
package sshconfig

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Value is one value of an option, and the line that it is from.
type Value struct {
	Text   string
	Source string // "~/.ssh/config:12", or what the caller gave for its own
}

// Query is whom the question is about, and what the world looks like to it.
type Query struct {
	Host string // as typed
	// Given holds values that outrank every file, as options on ssh's command line do: "user", "port", "hostname", "proxyjump", …
	Given map[string][]Value
	// LocalUser, LocalHost, Home and UID describe who asks, for tokens and Match localuser.
	LocalUser, LocalHost, Home, UID string
	Getenv                          func(string) string
	// Exec runs the command of a Match exec and says whether it succeeded; an error where it cannot be known.
	Exec func(ctx context.Context, command string) (bool, error)
	// Lookup resolves a name for CanonicalizeHostname: its canonical name, or an error where it has no address.
	Lookup func(ctx context.Context, name string) (cname string, err error)
}

// Answer is everything that was found. Options are named in lower case.
type Answer struct {
	Host     string // the host name to connect to, with tokens expanded, lower case unless it is an address
	options  map[string][]Value
	Warnings []string
}

// All returns every value of an option, or nil where no file gives one.
func (a *Answer) All(option string) []Value { return a.options[option] }

// First returns the value of an option that has one.
func (a *Answer) First(option string) (Value, bool) {
	if v := a.options[option]; len(v) > 0 {
		return v[0], true
	}
	return Value{}, false
}

// Get is First's text, or def.
func (a *Answer) Get(option, def string) string {
	if v, ok := a.First(option); ok {
		return v.Text
	}
	return def
}

// Error is a line that cannot be understood.
type Error struct {
	File string
	Line int
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// Resolve asks the configuration about a host.
func (c *Config) Resolve(ctx context.Context, q Query) (*Answer, error) {
	r := &resolver{c: c, q: q, ctx: ctx, host: q.Host, options: map[string][]Value{}, warned: map[string]bool{}}
	for name, v := range q.Given {
		r.options[name] = v
	}
	if err := r.pass(); err != nil {
		return nil, err
	}
	if err := r.settleHost(); err != nil {
		return nil, err
	}
	if r.get("canonicalizehostname", "no") != "no" {
		r.wantFinal = true
	}
	if r.wantFinal {
		r.final = true
		r.options["hostname"] = []Value{{r.host, r.source("hostname")}}
		if err := r.pass(); err != nil {
			return nil, err
		}
	}
	return &Answer{Host: r.host, options: r.options, Warnings: r.warnings}, nil
}

// resolver is one evaluation.
type resolver struct {
	c         *Config
	q         Query
	ctx       context.Context
	host      string // what Host lines are held against
	options   map[string][]Value
	final     bool
	wantFinal bool
	warnings  []string
	warned    map[string]bool
	complete  map[string]bool // collecting options that this pass may not add to
}

func (r *resolver) pass() error {
	r.complete = map[string]bool{}
	for name := range r.options {
		r.complete[name] = r.q.Given[name] != nil
	}
	for _, f := range r.c.files {
		if err := r.file(f, true); err != nil {
			return err
		}
	}
	return nil
}

// file evaluates one file. Its conditions begin anew, and end with it; under an Include that does not apply, nothing of it does.
func (r *resolver) file(f *file, applies bool) error {
	active := applies
	for i := range f.lines {
		l := &f.lines[i]
		switch {
		case l.err != nil:
			return &Error{f.name, l.n, l.err.Error()}
		case l.key == "host":
			active = applies && hostLine(r.host, l.args)
		case l.key == "match":
			ok, err := r.match(l.rest, applies)
			if err != nil {
				return &Error{f.name, l.n, err.Error()}
			}
			active = applies && ok
		case l.key == "include":
			for _, inc := range l.includes {
				if err := r.file(inc, active); err != nil {
					return err
				}
			}
		case active:
			if err := r.option(f, l); err != nil {
				return &Error{f.name, l.n, err.Error()}
			}
		}
	}
	return nil
}

// settleHost expands HostName and makes the name canonical, as ssh.c does between its two passes.
func (r *resolver) settleHost() error {
	if v, ok := r.options["hostname"]; ok {
		host, err := expand(v[0].Text, map[byte]string{'h': r.host})
		if err != nil {
			return fmt.Errorf("%s: HostName: %w", v[0].Source, err)
		}
		r.host = host
	}
	if net.ParseIP(r.host) == nil {
		r.host = strings.ToLower(r.host)
	}
	return r.canonicalize()
}

func (r *resolver) get(option, def string) string {
	if v := r.options[option]; len(v) > 0 {
		return v[0].Text
	}
	return def
}

func (r *resolver) source(option string) string {
	if v := r.options[option]; len(v) > 0 {
		return v[0].Source
	}
	return "default"
}

func (r *resolver) warn(f *file, l *line, format string, args ...any) {
	text := f.name + ":" + strconv.Itoa(l.n) + ": " + fmt.Sprintf(format, args...)
	if !r.warned[text] {
		r.warned[text] = true
		r.warnings = append(r.warnings, text)
	}
}
