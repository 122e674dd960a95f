package enrichersql

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/exceptions"
)

// maxCursorText is how long a text in a cursor is, so that the cursor has at most 1 KiB.
// A longer one stands for all texts that begin with it.
const maxCursorText = 700

// cursor is the opaque form of a position: a number, and the text that comes next in the order.
func cursor(n int64, text string) string {
	b := binary.AppendVarint(nil, n)
	return base64.RawURLEncoding.EncodeToString(append(b, text...))
}

func parseCursor(c string) (n int64, text string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(c)
	if err != nil {
		return 0, "", exceptions.ErrCursor
	}
	n, size := binary.Varint(b)
	if size <= 0 {
		return 0, "", exceptions.ErrCursor
	}
	return n, string(b[size:]), nil
}

// A place is the place of an item in an order: the greatest number first, then by text.
type place struct {
	number int64
	text   string
	index  int
}

func (p place) compare(other place) int {
	if c := cmp.Compare(other.number, p.number); c != 0 {
		return c
	}
	return strings.Compare(p.text, other.text)
}

// pageOf returns the places behind the cursor of a query, at most its limit, and the
// cursor of the rest. It sorts places.
func pageOf(places []place, q exceptions.Query) (found []place, next string, truncated bool, err error) {
	if q.Cursor != "" {
		n, text, err := parseCursor(q.Cursor)
		if err != nil {
			return nil, "", false, err
		}
		last := place{number: n, text: text}
		places = slices.DeleteFunc(places, func(p place) bool {
			return p.compare(last) <= 0 || p.number == n && len(text) == maxCursorText && strings.HasPrefix(p.text, text)
		})
	}
	slices.SortFunc(places, place.compare)
	limit := limitOf(q)
	if len(places) <= limit {
		return places, "", false, nil
	}
	places = places[:limit]
	if limit == 0 {
		return places, "", true, nil
	}
	last := places[limit-1]
	return places, cursor(last.number, last.text[:min(len(last.text), maxCursorText)]), false, nil
}
