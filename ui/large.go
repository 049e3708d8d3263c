package ui

import "strings"

// largeRows is the height of large letters.
const largeRows = 5

// largeFont is a letter's rows from the top, each an octal digit whose bits are three dots: what a crash cart's screen shows well from two
// steps away, with the characters that every terminal has.
var largeFont = map[rune]string{
	'0': "75557", '1': "26227", '2': "71747", '3': "71717", '4': "55711", '5': "74717", '6': "74757", '7': "71111", '8': "75757", '9': "75717",
	'A': "25755", 'B': "65656", 'C': "34443", 'D': "65556", 'E': "74647", 'F': "74644", 'G': "34553", 'H': "55755", 'I': "72227", 'J': "11152",
	'K': "55655", 'L': "44447", 'M': "57755", 'N': "65555", 'O': "25552", 'P': "65644", 'Q': "25563", 'R': "65655", 'S': "34216", 'T': "72222",
	'U': "55557", 'V': "55552", 'W': "55775", 'X': "55255", 'Y': "55222", 'Z': "71247", '-': "00700", '_': "00007", '.': "00002", '/': "11244", ' ': "00000",
}

// large draws text in letters of five rows, as wide as w allows: two cells a dot or one. nil where it does not fit, or has no such letters.
func large(p *pen, text string, w int) []string {
	text = strings.ToUpper(text)
	wide := 2
	if len(text)*4*wide-wide > w {
		wide = 1
	}
	if text == "" || len(text)*4*wide-wide > w {
		return nil
	}
	out := make([]string, largeRows)
	for i, r := range text {
		bits, ok := largeFont[r]
		if !ok {
			return nil
		}
		for y := range out {
			if i > 0 {
				out[y] += strings.Repeat(" ", wide)
			}
			for x := 2; x >= 0; x-- {
				dot := " "
				if (bits[y]-'0')>>x&1 == 1 {
					dot = p.full
				}
				out[y] += strings.Repeat(dot, wide)
			}
		}
	}
	return out
}
