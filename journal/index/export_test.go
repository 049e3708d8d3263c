package index

import "fmt"

// PartsOf makes the parts of the full text no larger than so many docs.
func (x *Index) PartsOf(docs int64) { x.partDocs = docs }

// Parts are the tables of the full text, the newest first.
func (x *Index) Parts() (names []string, err error) {
	rows, err := x.db.Query(`SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%' ORDER BY rowid DESC`)
	if err != nil {
		return nil, fmt.Errorf("list the parts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// Held is how many docs there are, and of how many the parts hold words.
func (x *Index) Held() (docs, worded int, err error) {
	if err := x.db.QueryRow(`SELECT count(*) FROM docs`).Scan(&docs); err != nil {
		return 0, 0, err
	}
	parts, err := x.Parts()
	for _, p := range parts {
		n := 0
		if err := x.db.QueryRow(`SELECT count(*) FROM ` + p + `_docsize`).Scan(&n); err != nil {
			return 0, 0, err
		}
		worded += n
	}
	return docs, worded, err
}
