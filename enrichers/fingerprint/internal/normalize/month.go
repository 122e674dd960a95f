package normalize

import "strings"

// namedDate replaces a date with the name of its month that starts here: "Jan 2",
// "Jan 2, 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon, 02 Jan 2006 15:04:05 GMT".
func (s *scanner) namedDate() bool {
	i := s.pos
	if n := s.name(i, weekdays[:]); n > 0 {
		i += n
		if s.at(i) == ',' {
			i++
		}
		if s.at(i) != ' ' {
			return false
		}
		i++
	}
	end, year := s.monthDay(i)
	if end == 0 && isUpper(s.at(i)) {
		end, year = s.monthYear(i), true
	} else if end == 0 {
		end, year = s.dayMonth(i), true
	}
	if end == 0 {
		return false
	}
	if s.at(end) == ' ' || s.at(end) == ':' {
		if after := s.clockEnd(end+1, 1); after > 0 {
			end = after
			if !year && s.at(end) == ' ' && s.digitsAt(end+1, 4) && s.endsAt(end+5) {
				end += 5
			}
		}
	}
	s.put(phTime, end)
	return true
}

// monthDay returns the end of "Jan 2", "Jan 2 2006" or "Jan 2, 2006" at i, and
// whether it has a year.
func (s *scanner) monthDay(i int) (end int, year bool) {
	n := s.name(i, months[:])
	if n == 0 || s.at(i+n) != ' ' {
		return 0, false
	}
	end = s.day(i + n + 1)
	if end == 0 || !s.endsAt(end) {
		return 0, false
	}
	i = end
	if s.at(i) == ',' {
		i++
	}
	if s.at(i) == ' ' && s.digitsAt(i+1, 4) && s.endsAt(i+5) {
		return i + 5, true
	}
	return end, false
}

// monthYear returns the end of "January 2006" at i, or 0.
func (s *scanner) monthYear(i int) int {
	n := s.name(i, months[:])
	if n == 0 || s.at(i+n) != ' ' || !s.year(i+n+1) || !s.endsAt(i+n+5) {
		return 0
	}
	return i + n + 5
}

// dayMonth returns the end of "2 Jan 2006" at i, also with dashes or slashes, or in
// another language: "2. Januar 2006", "1er janvier 2006", "2 de enero de 2006".
func (s *scanner) dayMonth(i int) int {
	i = s.day(i)
	if i == 0 {
		return 0
	}
	if s.has(i, "er ") || s.has(i, "st ") || s.has(i, "nd ") || s.has(i, "rd ") || s.has(i, "th ") {
		i += len("er")
	} else if s.has(i, ". ") {
		i++
	}
	separator := s.at(i)
	if separator != ' ' && separator != '-' && separator != '/' {
		return 0
	}
	i++
	if s.has(i, "de ") {
		i += len("de ")
	}
	if i = s.month(i); i == 0 {
		return 0
	}
	if s.has(i, ". ") {
		i++
	}
	if separator == ' ' && s.has(i, " de ") {
		i += len(" de")
	}
	if s.at(i) != separator {
		return 0
	}
	for _, digits := range [...]int{4, 2} {
		if s.digitsAt(i+1, digits) && s.endsAt(i+1+digits) {
			return i + 1 + digits
		}
	}
	return 0
}

// month returns the end of the name of a month at i, in any of the languages of
// monthNames and any case, or 0.
func (s *scanner) month(i int) int {
	end := i
	for end < len(s.in) && end < i+maxMonth {
		size, ok := wordRune(s.in, end)
		if !ok || isDigit(s.in[end]) {
			break
		}
		end += size
	}
	if end > i && monthNames[strings.ToLower(s.in[i:end])] {
		return end
	}
	return 0
}

const maxMonth = len("октября") * 2

// monthNames are the names of months in English, German, French, Spanish,
// Portuguese, Italian, Dutch, Polish and Russian, as dates have them.
var monthNames = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(`
		january february march april may june july august september october november december
		jan feb mar apr jun jul aug sep sept oct nov dec
		januar februar märz mai juni juli oktober dezember jänner mrz okt dez
		janvier février mars avril juin juillet août septembre octobre novembre décembre janv févr avr juil déc
		enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre ene abr ago dic
		janeiro fevereiro março maio junho julho setembro outubro novembro dezembro fev set out
		gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre gen mag giu lug ott
		januari februari maart mei augustus mrt
		stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
		января февраля марта апреля мая июня июля августа сентября октября ноября декабря`) {
		m[name] = true
	}
	return m
}()

// day returns the end of the day of a month at i, which has one digit or two.
func (s *scanner) day(i int) int {
	switch {
	case s.pair(i, 1, 31):
		return i + 2
	case isDigit(s.at(i)) && s.at(i) != '0' && !isDigit(s.at(i+1)):
		return i + 1
	}
	return 0
}

var (
	weekdays = [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	months   = [...]string{
		"January", "February", "March", "April", "May", "June",
		"July", "August", "September", "October", "November", "December",
	}
)

// name returns the length of the one of names at i, whole or its first three
// letters.
func (s *scanner) name(i int, names []string) int {
	if !isUpper(s.at(i)) {
		return 0
	}
	for _, name := range names {
		if !s.has(i, name[:3]) {
			continue
		}
		if s.has(i, name) && s.endsAt(i+len(name)) {
			return len(name)
		}
		if s.endsAt(i + 3) {
			return 3
		}
	}
	return 0
}
