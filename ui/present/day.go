package present

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"balcao/kiosk"
)

// ParseDay reads a date as clerks type it, 04-11-2026, 4/11/2026, 04112026 or 2026-11-04; the zero Date while it is none. It may
// be a day that is in no calendar, which is then said instead of passed over.
func ParseDay(text string) kiosk.Date {
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("-/. ", r) })
	switch {
	case len(parts) == 1 && len(parts[0]) == len("04112026"):
		whole := parts[0]
		parts = []string{whole[:2], whole[2:4], whole[4:]}
	case len(parts) != 3:
		return kiosk.Date{}
	case len(parts[0]) == len("2026"):
		slices.Reverse(parts)
	}
	var numbers [3]int
	for i, most := range []int{2, 2, 4} {
		number, err := strconv.ParseUint(parts[i], 10, 16)
		if err != nil || len(parts[i]) > most || number == 0 {
			return kiosk.Date{}
		}
		numbers[i] = int(number)
	}
	if len(parts[2]) != len("2026") {
		return kiosk.Date{}
	}
	return kiosk.Date{Year: numbers[2], Month: time.Month(numbers[1]), Day: numbers[0]}
}
