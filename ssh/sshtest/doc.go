// Package sshtest answers HOW DO WE TRY THE ROAD: it starts real OpenSSH servers on loopback for tests, with keys and
// configuration of their own, and a TCP proxy that can cut, freeze and half-close what goes through it.
//
// Its law: nothing outside the test's own directory is read or written, no port but a loopback one is opened, and everything that
// was started has ended when the test ends.
//
// Where sshd is not installed a test that needs it is skipped with a line that says so; with CI=true in the environment it fails
// instead, so that a green CI means that the servers were there.
//
//	srv := sshtest.Start(t, sshtest.Config{})
//	c := ssh.New(ssh.Options{ConfigFiles: []string{}, AgentSocket: "none"})
//	defer c.Close()
//	exit, err := c.Exec(ctx, srv.Host("web-1"), "uptime", nil, &out, nil)
package sshtest
