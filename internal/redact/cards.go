package redact

// maxCard is the length of the longest number of a payment card, in groups.
const maxCard = len("4242 4242 4242 4242")

// cardEnd returns where the number of a payment card that begins at i ends, or i. It may be
// in groups that spaces or hyphens separate: 4242 4242 4242 4242, 378282246310005.
func cardEnd(s string, i int) int {
	var digits [16]byte
	n, to, separator := 0, i, byte(0)
	for ; to < len(s) && to-i < maxCard; to++ {
		switch c := s[to]; {
		case isDigit(c) && n < len(digits):
			digits[n] = c - '0'
			n++
			continue
		case (c == ' ' || c == '-') && (separator == 0 || separator == c) && n < len(digits) && (n%4 == 0 || n == 10):
			separator = c
			continue
		}
		break
	}
	if to < len(s) && isWord(s[to]) && s[to] != '.' {
		return i
	}
	if isCard(digits[:n]) {
		return to
	}
	return i
}

// isCard reports whether digits are of a known network, and end with their check digit.
func isCard(digits []byte) bool {
	if len(digits) < 15 {
		return false
	}
	head := int(digits[0])*1000 + int(digits[1])*100 + int(digits[2])*10 + int(digits[3])
	switch amex := head/100 == 34 || head/100 == 37; {
	case len(digits) == 15 && amex:
	case len(digits) == 16 && (head/1000 == 4 || 51 <= head/100 && head/100 <= 55 || 2221 <= head && head <= 2720 ||
		head == 6011 || head/100 == 65 || head/100 == 35):
	default:
		return false
	}
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i])
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
