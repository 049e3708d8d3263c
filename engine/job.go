package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// maxJob is how long a job's name may be: it becomes a file's and a unit's name on the host.
const maxJob = 100

// jobName names a detached attempt on its host: "<run>-<step>-<host>-<attempt>" in [A-Za-z0-9._-]. Where that changes or cuts
// the names, a hash of them keeps two jobs from having one name.
func jobName(run journal.RunID, step runbooks.StepID, host inventory.HostID, attempt int) string {
	whole := strings.Join([]string{string(run), string(step), string(host), strconv.Itoa(attempt)}, "-")
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, strings.TrimLeft(whole, ".-"))
	if plain == whole && len(whole) <= maxJob {
		return whole
	}
	sum := sha256.Sum256([]byte(whole))
	tag := "-" + hex.EncodeToString(sum[:8])
	return plain[:min(len(plain), maxJob-len(tag))] + tag
}
