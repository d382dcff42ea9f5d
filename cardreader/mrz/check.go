package mrz

const filler = '<'

// value is a character's number in check digits (ICAO 9303-3 §4.9): digits as they are, A = 10 to Z = 35,
// the filler 0.
func value(c byte) (int, bool) {
	switch {
	case isDigit(c):
		return int(c - '0'), true
	case isLetter(c):
		return int(c-'A') + 10, true
	case c == filler:
		return 0, true
	}
	return 0, false
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' }

// CheckDigit returns the check digit of s, '0' to '9': values times the weights 7, 3, 1 in turn, the sum
// modulo 10 (ICAO 9303-3 §4.9). Characters other than A to Z, 0 to 9 and '<' are ErrCharacter.
func CheckDigit(s string) (byte, error) {
	sum := 0
	for i := range len(s) {
		v, ok := value(s[i])
		if !ok {
			return 0, ErrCharacter
		}
		sum += v * [...]int{7, 3, 1}[i%3]
	}
	return '0' + byte(sum%10), nil
}

// checked reports what is wrong with a text that ends with its check digit: nil, ErrCharacter or ErrCheckDigit.
func checked(s string) error {
	last := len(s) - 1
	want, err := CheckDigit(s[:last])
	switch {
	case err != nil || !isDigit(s[last]):
		return ErrCharacter
	case s[last] != want:
		return ErrCheckDigit
	}
	return nil
}

// all reports whether every character of s is one of those that ok allows.
func all(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}
