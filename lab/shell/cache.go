package shell

import (
	"strings"
	"sync"

	"mvdan.cc/sh/v3/syntax"
)

// cacheBytes bounds the script text that one generation of a Cache keeps.
const cacheBytes = 4 << 20

// Cache keeps parsed scripts, so that a script which ten thousand hosts run is parsed once. It holds two generations: when
// the young one is full, the old one is forgotten. Nothing in it changes after it was stored.
type Cache struct {
	mu         sync.Mutex
	young, old map[cacheKey]*script
	size       int
}

type cacheKey struct {
	text string
	lang syntax.LangVariant
}

// script is a parsed text: the statements before the first syntax error, and that error.
type script struct {
	stmts []*syntax.Stmt
	err   error
}

// NewCache makes an empty cache.
func NewCache() *Cache { return &Cache{young: map[cacheKey]*script{}} }

func (c *Cache) parse(text string, lang syntax.LangVariant) *script {
	key := cacheKey{text, lang}
	c.mu.Lock()
	s := c.young[key]
	if s == nil {
		s = c.old[key]
	}
	c.mu.Unlock()
	if s != nil {
		return s
	}
	s = parse(text, lang)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size += len(text) + 200; c.size > cacheBytes {
		c.old, c.young, c.size = c.young, map[cacheKey]*script{}, 0
	}
	c.young[key] = s
	return s
}

func parse(text string, lang syntax.LangVariant) *script {
	s := &script{}
	p := syntax.NewParser(syntax.Variant(lang))
	for st, err := range p.StmtsSeq(strings.NewReader(text)) {
		if err != nil {
			s.err = err
			break
		}
		s.stmts = append(s.stmts, st)
	}
	return s
}
