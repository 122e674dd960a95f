package exceptions

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// A Cursor is the position of an item of an answer, for an author of a [Store]: the
// greatest Number is first, and items with one Number are in the order of Text.
// [Query.Next] makes the [Page].Next of it, and [Query.After] reads that. Its String is
// for the positions of [Store].Changes.
type Cursor struct {
	Number int64
	Text   string
}

// maxCursorText is how much of Text a string has, in bytes, so that it has at most 1 KiB.
const maxCursorText = 700

// String returns the text that [ParseCursor] reads. If Text has 700 bytes or more, the
// string has the first 700, and stands for all positions with that Number whose Text
// begins with these.
func (c Cursor) String() string { return base64.RawURLEncoding.EncodeToString([]byte(c.text())) }

func (c Cursor) text() string {
	return strconv.FormatInt(c.Number, 36) + "." + c.Text[:min(len(c.Text), maxCursorText)]
}

// ParseCursor returns the cursor with this String. Otherwise the error is [ErrCursor].
func ParseCursor(s string) (Cursor, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Cursor{}, ErrCursor
	}
	return parseText(string(b))
}

func parseText(s string) (Cursor, error) {
	number, text, ok := strings.Cut(s, ".")
	n, err := strconv.ParseInt(number, 36, 64)
	if err != nil || !ok {
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

// Next returns the [Page].Next of an answer to q that ends at a position. method is the
// name of the method of [Store] that answers.
func (q Query) Next(method string, at Cursor) string {
	return base64.RawURLEncoding.EncodeToString([]byte(q.sum(method) + "/" + at.text()))
}

// After returns the position that the Cursor of q stands for, and whether it has one. The
// error is [ErrCursor] if that is no [Query.Next] of the method and of this query: all
// fields must be the same except for Buckets, Limit, Cursor and Wire.
func (q Query) After(method string) (at Cursor, ok bool, err error) {
	if q.Cursor == "" {
		return at, false, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	sum, rest, _ := strings.Cut(string(b), "/")
	if err != nil || sum != q.sum(method) {
		return at, false, ErrCursor
	}
	at, err = parseText(rest)
	return at, err == nil, err
}

// sum returns a short text of what the items of an answer and their order depend on.
func (q Query) sum(method string) string {
	if q.Sort == SortDefault {
		q.Sort = map[string]Sort{"Failures": SortNewest, "Jobs": SortLatest, "Groups": SortCount}[method]
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%q %q %d %d %q %q %q %d", method, q.JobIDs, q.From.UnixMilli(), q.To.UnixMilli(), q.Words, q.Filter, q.By, q.Sort)
	return strconv.FormatUint(h.Sum64(), 36)
}

// PageOf returns those of items that a query asks a method of [Store] for: behind its
// Cursor, and at most its Limit. The items must be in the order of their positions. The
// error is that of [Query.After].
func PageOf[T any](items []T, q Query, method string, position func(T) Cursor) (page Page[T], err error) {
	last, ok, err := q.After(method)
	if err != nil {
		return page, err
	}
	if ok {
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
		page.Next, page.Truncated = q.Next(method, position(items[n-1])), false
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
