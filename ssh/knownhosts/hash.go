package knownhosts

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"strings"
)

// hashedEntry is a line "|1|salt|hash key": hash is HMAC-SHA1 of the name, keyed with salt (ssh-keygen(1), -H).
type hashedEntry struct {
	salt, sum [sha1.Size]byte
	*Entry
}

func parseHash(s string) (h hashedEntry, err error) {
	part := strings.Split(s, "|")
	if len(part) != 4 || part[0] != "" || part[1] != "1" {
		return h, errors.New("torn or unknown hashed name")
	}
	salt, err1 := base64.StdEncoding.DecodeString(part[2])
	sum, err2 := base64.StdEncoding.DecodeString(part[3])
	if err1 != nil || err2 != nil || len(salt) != sha1.Size || len(sum) != sha1.Size {
		return h, errors.New("torn hashed name")
	}
	copy(h.salt[:], salt)
	copy(h.sum[:], sum)
	return h, nil
}

// byHash finds the hashed lines of name. A line whose name was found leaves the pool: it can be nobody else's, so that asking for a
// whole fleet costs half the products of lines and names, once.
func (db *DB) byHash(name string) []*Entry {
	db.mu.Lock()
	defer db.mu.Unlock()
	if _, done := db.asked[name]; done || len(db.hashed) == 0 {
		return db.found[name]
	}
	db.asked[name] = struct{}{}
	keep := db.hashed[:0]
	for _, h := range db.hashed {
		if sumName(&h.salt, name) == h.sum {
			db.found[name] = append(db.found[name], h.Entry)
			continue
		}
		keep = append(keep, h)
	}
	db.hashed = keep
	return db.found[name]
}

// sumName is HMAC-SHA1(salt, name) on the stack: crypto/hmac would allocate for every line of the file. RFC 2104: the key is
// shorter than the block, so it is padded with zeros.
func sumName(salt *[sha1.Size]byte, name string) [sha1.Size]byte {
	var inner [sha1.BlockSize + 256]byte
	var outer [sha1.BlockSize + sha1.Size]byte
	if len(name) > 256 {
		return slowSum(salt, name)
	}
	for i := range sha1.BlockSize {
		var k byte
		if i < sha1.Size {
			k = salt[i]
		}
		inner[i], outer[i] = k^0x36, k^0x5c
	}
	n := copy(inner[sha1.BlockSize:], name)
	in := sha1.Sum(inner[:sha1.BlockSize+n])
	copy(outer[sha1.BlockSize:], in[:])
	return sha1.Sum(outer[:])
}

func slowSum(salt *[sha1.Size]byte, name string) (sum [sha1.Size]byte) {
	m := hmac.New(sha1.New, salt[:])
	m.Write([]byte(name))
	copy(sum[:], m.Sum(nil))
	return sum
}

// Hash writes name as known_hosts hides it, with a fresh salt.
func Hash(name string) string {
	var salt [sha1.Size]byte
	rand.Read(salt[:])
	sum := sumName(&salt, strings.ToLower(name))
	enc := base64.StdEncoding.EncodeToString
	return "|1|" + enc(salt[:]) + "|" + enc(sum[:])
}

// Hashes reports whether hidden, "|1|salt|hash", hides name.
func Hashes(hidden, name string) bool {
	h, err := parseHash(hidden)
	return err == nil && sumName(&h.salt, strings.ToLower(name)) == h.sum
}
