package engine

import "tend/inventory"

// selector reads a When with the one selector language of the house.
func selector(expr string) (Match, error) {
	s, err := inventory.ParseSelector(expr)
	if err != nil {
		return nil, err
	}
	return s.Match, nil
}
