package normalize

import _ "embed"

// triples has how rare each letter is in words after the two before it: a digit that
// is 1.2 times less than the bits of information in it, less two. The lines are for
// the two letters before, the first of which may be missing: a, b, …, z, aa, ab, …,
// zz. The columns are for the letter: a, b, …, z, and the end of the word.
//
// The digits are those of a mixture of word lists: the identifiers of Go's standard
// library and their parts, words that are frequent in the documentation, tests and
// configuration of Go modules, names of packages of JavaScript, Python and Debian, and
// dictionaries of English, German, French, Spanish, Italian and Polish. Each word counts
// once. For pairs of letters that no word has, the digit is nearly that of the letter
// after the last one. Three equal letters have 2.
//
//go:embed letters.txt
var triples string

// isRandom reports whether text, of letters, digits and marks, looks as if it was
// drawn at random: whether its letters are unlikely as words. On average the digits of
// triples are 1.1 for words, and 3.7 for random letters. Between letters and digits
// words end; few words have a digit before them.
func isRandom(text string) bool {
	const (
		row         = 'z' - 'a' + 1 + len("$\n")
		beforeDigit = 2
		afterDigit  = 5
		single      = 2 // letter between others
	)
	sum, letters := 0, 0
	small, capital := false, false // after the first letter
	line := -1                     // of triples, within a word
	end := func() {
		switch {
		case line >= 26:
			sum += int(triples[line*row+row-2] - '0')
		case line >= 0:
			sum += single
		}
		line = -1
	}
	for i := range len(text) {
		c := text[i]
		if !isLetter(c) {
			if line >= 0 && isDigit(c) {
				sum += beforeDigit
			}
			end()
			continue
		}
		column := int(c|0x20) - 'a'
		if line < 0 {
			if i > 0 && isDigit(text[i-1]) {
				sum += afterDigit
			}
			line = column
		} else {
			sum += int(triples[line*row+column] - '0')
			line = (1+int(text[i-1]|0x20)-'a')*26 + column
		}
		if letters > 0 {
			small, capital = small || isLower(c), capital || isUpper(c)
		}
		letters++
	}
	end()
	rare := 24 // tenths
	if small && capital {
		rare = 22
	}
	return letters > 1 && sum*10 > rare*letters
}
