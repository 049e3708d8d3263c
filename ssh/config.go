package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"tend/inventory"
	"tend/ssh/sshconfig"
)

// configs is the operator's configuration, read once, and what it said about each host.
type configs struct {
	once sync.Once
	cfg  *sshconfig.Config
	err  error
	mu   sync.Mutex
	kept map[string]*Settings
}

func (o *Options) loadConfig() (*sshconfig.Config, error) {
	dir := filepath.Join(o.Home, ".ssh")
	var src []sshconfig.Source
	if o.ConfigFiles == nil {
		mine := filepath.Join(dir, "config")
		if err := onlyOurs(mine); err != nil {
			return nil, err
		}
		src = []sshconfig.Source{{Path: mine, Base: dir, Optional: true}, {Path: "/etc/ssh/ssh_config", Base: "/etc/ssh", Optional: true}}
	}
	for _, f := range o.ConfigFiles {
		src = append(src, sshconfig.Source{Path: f, Base: dir})
	}
	cfg, err := sshconfig.Load(o.Home, src...)
	if err != nil {
		return nil, &fault{kind: Config, err: err}
	}
	return cfg, nil
}

// onlyOurs refuses a configuration that others can write, as ssh does: it names commands to run.
func onlyOurs(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return nil // absent, or Load will say
	}
	if st.Mode().Perm()&0o022 != 0 {
		return faultf(Config, "%s can be written by others (mode %04o)", path, st.Mode().Perm()).withHint("chmod go-w %s", path)
	}
	return nil
}

// query puts the inventory's values where ssh has those of its command line.
func (o *Options) query(h inventory.Host) sshconfig.Query {
	q := sshconfig.Query{Host: h.Addr, Given: map[string][]sshconfig.Value{}, Home: o.Home, Getenv: o.Getenv, Exec: func(ctx context.Context, cmd string) (bool, error) { return matchExec(ctx, cmd, matchTimeout) }, Lookup: lookup, UID: strconv.Itoa(os.Getuid())}
	if q.Host == "" {
		q.Host = string(h.Name)
	}
	if me, err := user.Current(); err == nil {
		q.LocalUser = me.Username
	}
	q.LocalHost, _ = os.Hostname()
	give := func(name string, texts ...string) {
		for _, t := range texts {
			q.Given[name] = append(q.Given[name], sshconfig.Value{Text: t, Source: "inventory"})
		}
	}
	if h.Port != 0 {
		give("port", strconv.Itoa(h.Port))
	}
	if h.User != "" {
		give("user", h.User)
	}
	if len(h.Jump) > 0 {
		give("proxyjump", strings.Join(h.Jump, ","))
	}
	if len(h.Identity) > 0 {
		give("identityfile", h.Identity...)
	}
	return q
}

// matchTimeout bounds the command of a Match exec; ssh would wait for ever.
const matchTimeout = 10 * time.Second

// matchExec runs the command of a Match exec, and ends all of it where it takes longer than limit.
func matchExec(ctx context.Context, command string, limit time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("did not end within %s", limit))
	defer cancel()
	shell := os.Getenv("SHELL")
	if shell == "" {
		shell = "/bin/sh"
	}
	cmd := exec.CommandContext(ctx, shell, "-c", command)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that all of it can be ended
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if err != nil && !errors.As(err, &exit) {
		return false, err
	}
	return err == nil, nil
}

func lookup(ctx context.Context, name string) (string, error) {
	if _, err := net.DefaultResolver.LookupHost(ctx, name); err != nil {
		return "", err
	}
	return net.DefaultResolver.LookupCNAME(ctx, name)
}
