package mrz

import "strings"

// Key returns the MRZ information that opens the chip by BAC or PACE: document number, date of birth and date
// of expiry, each with its check digit (ICAO 9303-11 §4.3.2 and §4.4.4.1, App D.2). A number of less than
// nine characters is filled up; one that is longer than its field is whole.
//
// It is as secret as the document's page. For an MRZ that has no zone, because its fields are impossible, it is "".
func (m MRZ) Key() string {
	birth, err := dateField(m.Birth, m.BirthField)
	if err != nil {
		return ""
	}
	expiry, err := dateField(m.Expiry, m.ExpiryField)
	if err != nil {
		return ""
	}
	key, err := Key(m.Number, birth, expiry)
	if err != nil {
		return ""
	}
	return key
}

// Key is MRZ.Key from the three fields alone: a document number, and the dates as YYMMDD with fillers
// for unknown parts. Lower case and blanks at the ends are accepted; the number is as in the zone, so its
// separators are what the issuer has there: nothing or '<'. Whether a calendar has the dates does not matter: the key is of
// the printed characters. Errors are *Error of the group: ErrFormat for a number that is empty or longer than the 22
// characters a zone can hold, ErrCharacter.
func Key(number, birth, expiry string) (string, error) {
	number = trim(strings.ToUpper(strings.TrimSpace(number)))
	if number == "" || len(number) > 22 {
		return "", &Error{Group: GroupNumber, Line: -1, Err: ErrFormat}
	}
	if !all(number, isZone) {
		return "", &Error{Group: GroupNumber, Line: -1, Err: ErrCharacter}
	}
	key := withCheckDigit(padded(number, max(9, len(number))))
	for _, date := range []struct{ group, text string }{{GroupBirth, birth}, {GroupExpiry, expiry}} {
		text := strings.TrimSpace(date.text)
		if _, _, err := twoDigit(text); err != nil {
			return "", &Error{Group: date.group, Line: -1, Err: err}
		}
		key += withCheckDigit(text)
	}
	return key, nil
}
