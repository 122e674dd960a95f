package exceptions

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// A Cursor is the position of an item of an answer, for an author of a [Store]: the
// greatest Number is first, and items with one Number are in the order of Text. Its
// String is what [Page].Next is.
type Cursor struct {
	Number int64
	Text   string
}

// maxCursorText is how much of Text a string has, in bytes, so that it has at most 1 KiB.
const maxCursorText = 700

// String returns the text that [ParseCursor] reads. If Text has 700 bytes or more, the
// string has the first 700, and stands for all positions with that Number whose Text
// begins with these.
func (c Cursor) String() string {
	text := c.Text[:min(len(c.Text), maxCursorText)]
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.Number, 36) + "." + text))
}

// ParseCursor returns the cursor with this String. Otherwise the error is [ErrCursor].
func ParseCursor(s string) (Cursor, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	number, text, ok := strings.Cut(string(b), ".")
	n, err2 := strconv.ParseInt(number, 36, 64)
	if err != nil || err2 != nil || !ok {
		return Cursor{}, ErrCursor
	}
	return Cursor{n, text}, nil
}

// Compare orders positions as they are in an answer.
func (c Cursor) Compare(other Cursor) int {
	if n := cmp.Compare(other.Number, c.Number); n != 0 {
		return n
	}
	return cmp.Compare(c.Text, other.Text)
}

// precedes reports whether p is in the rest of the answer that ends at c, which was parsed.
func (c Cursor) precedes(p Cursor) bool {
	standsFor := p.Number == c.Number && len(c.Text) == maxCursorText && strings.HasPrefix(p.Text, c.Text)
	return c.Compare(p) < 0 && !standsFor
}

// PageOf returns those of items that a query asks for: behind its Cursor, and at most its
// Limit. The items must be in the order of their positions. The error is [ErrCursor].
func PageOf[T any](items []T, q Query, position func(T) Cursor) (page Page[T], err error) {
	if q.Cursor != "" {
		last, err := ParseCursor(q.Cursor)
		if err != nil {
			return page, err
		}
		from, _ := slices.BinarySearchFunc(items, last, func(item T, last Cursor) int {
			if last.precedes(position(item)) {
				return 1
			}
			return -1
		})
		items = items[from:]
	}
	page.Items, page.Truncated = limited(items, q.Limit)
	if n := len(page.Items); page.Truncated && n > 0 {
		page.Next, page.Truncated = position(items[n-1]).String(), false
	}
	return page, nil
}

// limited returns the first limit items of a list, and whether there are more. A
// limit of 0 means all, a negative one none.
func limited[T any](list []T, limit int) ([]T, bool) {
	n := len(list)
	if limit < 0 {
		n = 0
	} else if limit > 0 {
		n = min(n, limit)
	}
	return list[:n], n < len(list)
}
