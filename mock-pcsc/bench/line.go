package bench

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseLine reads the speed of a card line: "full" is 0, "250k" is 250 000 bit/s, "9600" is itself.
func ParseLine(text string) (bitsPerSecond int, err error) {
	if text == "full" || text == "" {
		return 0, nil
	}
	digits, thousands := strings.CutSuffix(text, "k")
	bitsPerSecond, err = strconv.Atoi(digits)
	if thousands {
		bitsPerSecond *= 1000
	}
	// 9600 bit/s is the slowest line of ISO/IEC 7816-3; beyond 10 Mbit/s a delay is no longer measurable.
	if err != nil || bitsPerSecond < 1200 || bitsPerSecond > 10_000_000 {
		return 0, fmt.Errorf("card line %q is no speed; use full, or bits per second such as 250k", text)
	}
	return bitsPerSecond, nil
}

// FormatLine is the inverse of ParseLine.
func FormatLine(bitsPerSecond int) string {
	switch {
	case bitsPerSecond == 0:
		return "full"
	case bitsPerSecond%1000 == 0:
		return strconv.Itoa(bitsPerSecond/1000) + "k"
	default:
		return strconv.Itoa(bitsPerSecond)
	}
}
