package normalize

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

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

// rareWords has the words of 8 to 13 letters, in ascending order, that rarity alone would
// take for random. They are those of the word lists of triples without foreign languages,
// of identifiers in capitals, and of the names of signals, system calls and functions of
// C.
//
//go:embed words.txt
var rareWords string

var rareWordList = sync.OnceValue(func() []string { return strings.Fields(rareWords) })

// isRandomWord reports whether text, of at least minRandom letters of one case, looks as
// if it was drawn at random. Of random letters it takes 99 % for random. The sum of
// their rarities grows by 3.7 with each, and that of a word by 1.1, so the limit may be
// further from words the longer the text is.
func isRandomWord(text string) bool {
	if rarity(text) < 3*len(text)-8 {
		return false
	}
	_, known := slices.BinarySearch(rareWordList(), strings.ToLower(text))
	return !known
}

// isRandom reports whether text, of letters and digits, looks as if it was drawn at
// random: whether its letters are unlikely as words.
func isRandom(text string) bool {
	const (
		mixed    = 260
		oneCase  = 240
		capitals = 224 // five bytes in base32
	)
	small, capital := false, false // after the first letter
	for i := 1; i < len(text); i++ {
		small, capital = small || isLower(text[i]), capital || isUpper(text[i])
	}
	switch {
	case small && capital:
		return isRarer(text, mixed)
	case capital && len(text) == minRandom:
		return isRarer(text, capitals)
	}
	return isRarer(text, oneCase)
}

// isRarer reports whether the letters of text, which may have digits and marks in it,
// are rarer than so many hundredths of a digit of triples on average: 110 are those of
// words, and 370 random letters. Words end at marks, at digits, and before a capital.
func isRarer(text string, hundredths int) bool {
	const (
		beforeDigit = 2 // a word
		afterDigit  = 6 // as few words
		afterLetter = 4
		afterMark   = 1
	)
	sum, letters := 0, 0
	for i := 0; i < len(text); {
		if !isLetter(text[i]) {
			i++
			continue
		}
		end := wordEnd(text, i)
		switch {
		case i == 0:
		case isDigit(text[i-1]):
			sum += afterDigit
		case isLetter(text[i-1]):
			sum += afterLetter
		default:
			sum += afterMark
		}
		if end < len(text) && isDigit(text[end]) && !isMajor(text[end:]) {
			sum += beforeDigit
		}
		sum += rarity(text[i:end])
		letters += end - i
		i = end
	}
	return letters > 1 && sum*100 > hundredths*letters
}

// isMajor reports whether a number from 2 to 6 begins text, as in names: psycopg2,
// pencil2d.
func isMajor(text string) bool {
	return '2' <= text[0] && text[0] <= '6' && (len(text) == 1 || !isDigit(text[1]))
}

// wordEnd returns where the word that starts at i ends: HTTP and Server in HTTPServer.
func wordEnd(text string, i int) int {
	for i++; i < len(text) && isLetter(text[i]); i++ {
		if isUpper(text[i]) && (isLower(text[i-1]) || i+1 < len(text) && isLower(text[i+1])) {
			break
		}
	}
	return i
}

// rarity returns the sum of the digits of triples for a word of letters.
func rarity(word string) int {
	const (
		row    = 'z' - 'a' + 1 + len("$\n")
		single = 2 // letter between others
	)
	if len(word) == 1 {
		return single
	}
	before := int(word[0]|0x20) - 'a'
	line := before
	sum := -len(word) * '0'
	for i := 1; i < len(word); i++ {
		letter := int(word[i]|0x20) - 'a'
		sum += int(triples[line*row+letter])
		line = (1+before)*26 + letter
		before = letter
	}
	return sum + int(triples[line*row+row-2])
}
