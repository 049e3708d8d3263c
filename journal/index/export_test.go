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
