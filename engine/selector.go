package engine

import "errors"

// selector reads a When with the one selector language of the house.
func selector(expr string) (Match, error) {
	return nil, errors.New("selectors cannot be read yet")
}
