package journal

import "os"

// OfGroup reports whether a group keeps the journal in dir together, as its mode says: the group may write there, what is made there is the
// group's, no member can take away what is another's (chmod 3770), and nobody else may write. No directory is so by accident.
func OfGroup(dir string) bool {
	info, err := os.Stat(dir)
	const want, not = os.ModeSetgid | os.ModeSticky | 0o070, 0o002
	return err == nil && info.IsDir() && info.Mode()&want == want && info.Mode()&not == 0
}
