package normalize

import "strings"

// sqlValues replaces the values after the word VALUES, which has just been written, of
// a statement that has them in its text: (<str>) for any number of rows.
func (s *scanner) sqlValues(t *token) {
	if t.end-t.start != len("values") || !strings.EqualFold(s.in[t.start:t.end], "values") {
		return
	}
	open := t.end
	if s.at(open) == ' ' {
		open++
	}
	before := len(s.out) - len("values")
	if s.at(open) != '(' || before < 2 || s.out[before-1] != ' ' ||
		s.in[t.start] != 'V' && strings.IndexByte(")`\"]", s.out[before-2]) < 0 {
		return
	}
	end := open
	for s.at(end) == '(' {
		end = s.closingBracket(end)
		next := end
		if s.at(next) == ',' {
			if next++; s.at(next) == ' ' {
				next++
			}
			if s.at(next) == '(' {
				end = next
			}
		}
	}
	s.out = append(s.out, " ("+phStr+")"...)
	s.pos, s.chunk, s.inWord = end, end, false
}

// closingBracket returns the end of the bracket that opens at i: that of the text if
// it does not close. Brackets in quotation marks do not count.
func (s *scanner) closingBracket(i int) int {
	depth, quote := 0, false
	for ; i < len(s.in); i++ {
		switch c := s.in[i]; {
		case c == '\\':
			i++
		case c == '\'':
			quote = !quote
		case quote:
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s.in)
}

// keyValues replaces the values of a row or of its key that Postgres and SQL Server
// print: Key (id, name)=(7, Alice).
func (s *scanner) keyValues() bool {
	if !s.wrote(")=") && !s.wrote("value is ") && !s.wrote("row contains ") {
		return false
	}
	const longest = 1 << 10
	end := strings.IndexByte(s.in[s.pos:min(s.pos+longest, len(s.in))], ')')
	if end < 0 {
		return false
	}
	s.out = append(s.out, '(')
	s.pos++
	s.put(phStr, s.pos+end-1)
	s.chunk = s.pos
	return true
}
