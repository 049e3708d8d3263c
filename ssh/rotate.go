package ssh

import (
	"bytes"
	"encoding/binary"
	"slices"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh/knownhosts"
)

// Key rotation (OpenSSH's PROTOCOL, section 2.5, and UpdateHostKeys in ssh_config(5)): after the login a server lists all its host
// keys. Those that known_hosts lacks are kept once the server has proved that it holds them, so that a host whose keys are
// changed in an orderly way is never reported as changed. Nothing is ever removed.

const (
	hostKeysNotice = "hostkeys-00@openssh.com"
	hostKeysProve  = "hostkeys-prove-00@openssh.com"
	maxRotated     = 16
)

// learn is called in a goroutine of its own when the server sent its keys.
func (cn *conn) learn(payload []byte) {
	l := cn.rotate
	exact, _ := l.lookUp()
	var fresh []xssh.PublicKey
	var ask []byte
	for _, blob := range blobs(payload) {
		key, err := xssh.ParsePublicKey(blob)
		if err != nil || len(fresh) == maxRotated || !slices.Contains(l.s.HostKeyAlgos, algoOf(key)) ||
			slices.ContainsFunc(slices.Concat(exact.Keys, exact.Revoked), func(e knownhosts.Entry) bool { return bytes.Equal(e.Blob, blob) }) {
			continue
		}
		fresh = append(fresh, key)
		ask = append(binary.BigEndian.AppendUint32(ask, uint32(len(blob))), blob...)
	}
	if len(fresh) == 0 {
		return
	}
	ok, reply, err := cn.x.SendRequest(hostKeysProve, true, ask)
	if err != nil || !ok {
		return
	}
	for i, sig := range blobs(reply) {
		if i < len(fresh) && proves(fresh[i], cn.x.SessionID(), sig) {
			if err := l.write(fresh[i]); err != nil {
				cn.c.warn(cn.host, "the host has a new key, which could not be kept: "+err.Error())
			}
		}
	}
}

// algoOf is an algorithm that a host key signs with.
func algoOf(key xssh.PublicKey) string {
	if key.Type() == xssh.KeyAlgoRSA {
		return xssh.KeyAlgoRSASHA512
	}
	return key.Type()
}

// proves checks one signature of the server's answer: over the request's name, the session and the key.
func proves(key xssh.PublicKey, session, raw []byte) bool {
	var sig xssh.Signature
	if xssh.Unmarshal(raw, &sig) != nil || sig.Format == xssh.KeyAlgoRSA {
		return false
	}
	data := xssh.Marshal(struct {
		Name         string
		Session, Key []byte
	}{hostKeysProve, session, key.Marshal()})
	return key.Verify(data, &sig) == nil
}

// blobs splits a list of length-prefixed strings; what is torn ends it.
func blobs(b []byte) [][]byte {
	var all [][]byte
	for len(b) >= 4 {
		n := binary.BigEndian.Uint32(b)
		if uint64(n) > uint64(len(b)-4) {
			break
		}
		all = append(all, b[4:4+n])
		b = b[4+n:]
	}
	return all
}
