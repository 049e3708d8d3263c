package segments

import "tend/sshsig"

// SealNamespace is the namespace that seals are signed in: a signature made for a mail or a git commit is no seal, nor the reverse.
const SealNamespace = "journal@tend"

// Signer signs with a key of the operator's, most likely through his agent.
type Signer = sshsig.Signer

// SSHSignature is what OpenSSH's PROTOCOL.sshsig describes.
type SSHSignature = sshsig.Signature

// ParseSSHSignature reads an armored signature. It does not verify it: that is for who knows whom to trust.
func ParseSSHSignature(text string) (SSHSignature, error) { return sshsig.Parse(text) }
