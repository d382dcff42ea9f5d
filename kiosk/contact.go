package kiosk

import (
	"errors"
	"net/mail"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
)

// ContactProblem says why a contact or a code was not accepted.
type ContactProblem string

// Why a contact or a code was not accepted.
const (
	ContactOK        ContactProblem = ""
	ContactInvalid   ContactProblem = "invalid"    // not a phone number or e-mail address, for no reason that has a name below
	ContactNotMobile ContactProblem = "not_mobile" // cannot receive SMS
	ContactTaken     ContactProblem = "taken"      // belongs to another person's key
	CodeWrong        ContactProblem = "code_wrong"
	CodeExpired      ContactProblem = "code_expired"
	CodeLost         ContactProblem = "code_lost"       // typed, and not compared for a technical cause
	CodeLocked       ContactProblem = "code_locked"     // too many wrong codes for this contact, at this desk or others
	ChannelLocked    ContactProblem = "channel_locked"  // too many in this enrolment: no contact of the channel can be proven in it
	Undelivered      ContactProblem = "undelivered"     // the message did not arrive
	ResendsUsed      ContactProblem = "resends_used"    // 3 resends in 15 minutes
	TooSoon          ContactProblem = "too_soon"        // a resend before ResendAt
	DestinationOff   ContactProblem = "destination_off" // the centre sends nothing to such numbers
	CentreBusy       ContactProblem = "centre_busy"     // the centre, or the country of the number, has had its codes of this hour
)

// What is wrong with a phone number or an address as it was typed.
const (
	PhoneDigitMissing  ContactProblem = "digit_missing"  // one
	PhoneDigitsMissing ContactProblem = "digits_missing" // more than one
	PhoneDigitExtra    ContactProblem = "digit_extra"
	PhoneDigitsExtra   ContactProblem = "digits_extra"
	PhoneUnassigned    ContactProblem = "unassigned" // as long as a number is, and nobody's
	PhoneCountry       ContactProblem = "country"    // no such country code
	PhoneCharacters    ContactProblem = "phone_characters"
	EmailAtMissing     ContactProblem = "at_missing"
	EmailAtTwice       ContactProblem = "at_twice"
	EmailSpace         ContactProblem = "space"
	EmailNameMissing   ContactProblem = "name_missing"   // nothing before the @
	EmailDomainMissing ContactProblem = "domain_missing" // nothing behind it
	EmailEndingMissing ContactProblem = "ending_missing" // no dot in the domain, or nothing behind it
	EmailCharacters    ContactProblem = "email_characters"
)

// Length limits: more characters than a number with every separator needs; RFC 5321 §4.5.3.1.
const (
	maxPhoneText   = 40
	maxLocalOctets = 64
	maxEmailOctets = 254
)

// ParsePhone returns the E.164 form of a number that can receive SMS. region is the ISO 3166-1 alpha-2
// code that a number without "+" is taken to belong to. Nothing but digits, of any script, and
// separators is accepted, besides characters that cannot be seen: letters would be dialled as digits and
// extensions cannot receive SMS. What belongs to dialling within a country is left out behind its code: the
// prefix in brackets, and the 1 of Mexico's mobile numbers until 2019. Argentina's 9 stays, as it is dialled.
func ParsePhone(text, region string) (string, ContactProblem) {
	text = visible(text)
	if strings.ContainsFunc(text, notInPhone) {
		return "", PhoneCharacters
	}
	if utf8.RuneCountInString(text) > maxPhoneText {
		return "", PhoneDigitsExtra
	}
	number, err := parseNumber(text, region)
	if err != nil {
		return "", phoneFault(withoutTrunk(text), region)
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return phonenumbers.Format(number, phonenumbers.E164), ContactOK
	}
	return "", ContactNotMobile
}

// phoneFault says what is wrong with a number that nobody has, as far as its length tells.
func phoneFault(text, region string) ContactProblem {
	possible := func(text string) bool {
		number, err := phonenumbers.Parse(text, region)
		return err == nil && phonenumbers.IsPossibleNumber(number)
	}
	shorter, _ := utf8.DecodeLastRuneInString(text)
	number, err := phonenumbers.Parse(text, region)
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return PhoneCountry
	case possible(text):
		return PhoneUnassigned
	case possible(text + "0"):
		return PhoneDigitMissing
	case possible(strings.TrimSuffix(text, string(shorter))):
		return PhoneDigitExtra
	case err == nil && phonenumbers.IsPossibleNumberWithReason(number) == phonenumbers.TOO_LONG:
		return PhoneDigitsExtra
	}
	return PhoneDigitsMissing
}

// parseNumber returns the first valid number among what a text can mean.
func parseNumber(text, region string) (*phonenumbers.PhoneNumber, error) {
	text = strings.NewReplacer("·", " ", "•", " ").Replace(text)
	for _, meant := range []string{text, withoutTrunk(text)} {
		number, err := phonenumbers.Parse(meant, region)
		if err != nil {
			continue
		}
		if phonenumbers.IsValidNumber(number) {
			return number, nil
		}
		if old := strconv.FormatUint(number.GetNationalNumber(), 10); number.GetCountryCode() == mexico && len(old) == 11 && old[0] == '1' {
			number, err = phonenumbers.Parse("+52"+old[1:], region)
			if err == nil && phonenumbers.IsValidNumber(number) {
				return number, nil
			}
		}
	}
	return nil, errNoNumber
}

const mexico = 52

var errNoNumber = errors.New("not a valid number")

// withoutTrunk leaves out, of a number that begins with its country, the (0) that is dialled within it only.
func withoutTrunk(text string) string {
	if start := strings.TrimLeft(text, " ("); !strings.HasPrefix(start, "+") && !strings.HasPrefix(start, "00") {
		return text
	}
	return strings.Replace(text, "(0)", "", 1)
}

// notInPhone reports whether r is no digit and no separator that numbers are written with.
func notInPhone(r rune) bool {
	return !unicode.IsDigit(r) && !strings.ContainsRune("+ -‐‑‒–—−().·•/", r)
}

// domains maps a domain as typed to the form in which mail travels (RFC 5891, with the mapping of UTS 46).
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// ParseEmail returns the address in the form in which mail travels: the local part as typed, because
// its case may matter to the receiving host (RFC 5321 §2.4), the domain in lower case and, when it is
// internationalised, in its ASCII form. Display names, comments, quoted and non-ASCII local parts and
// address literals are refused: hardly anyone has them and many services would not take them. What cannot be seen
// does not count.
func ParseEmail(text string) (string, ContactProblem) {
	text = visible(text)
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Name != "" || parsed.Address != text {
		return "", emailFault(text)
	}
	at := strings.LastIndexByte(text, '@')
	local, domain := text[:at], text[at+1:]
	if len(local) > maxLocalOctets || strings.ContainsFunc(local, notInLocal) {
		return "", emailFault(text)
	}
	domain, err = domains.ToASCII(domain)
	if err != nil || !mailDomain(domain) || len(local)+1+len(domain) > maxEmailOctets {
		return "", emailFault(text)
	}
	return local + "@" + domain, ContactOK
}

// emailFault says what is wrong with an address that is none, the first thing to look at first.
func emailFault(text string) ContactProblem {
	local, domain, found := strings.Cut(text, "@")
	dot := strings.LastIndexByte(domain, '.')
	switch {
	case !found:
		return EmailAtMissing
	case strings.Contains(domain, "@"):
		return EmailAtTwice
	case strings.ContainsFunc(text, unicode.IsSpace):
		return EmailSpace
	case local == "":
		return EmailNameMissing
	case domain == "":
		return EmailDomainMissing
	case dot < 0 || dot == len(domain)-1:
		return EmailEndingMissing
	case strings.ContainsFunc(local, notInLocal):
		return EmailCharacters
	}
	return ContactInvalid
}

// notInLocal reports whether r is outside dot-atom-text (RFC 5322 §3.2.3).
func notInLocal(r rune) bool {
	return r > unicode.MaxASCII ||
		!unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r)
}

// mailDomain reports whether the domain has at least two labels and does not end in a number, as an
// address without brackets would.
func mailDomain(domain string) bool {
	dot := strings.LastIndexByte(domain, '.')
	if dot < 1 || dot == len(domain)-1 {
		return false
	}
	return strings.ContainsFunc(domain[dot+1:], unicode.IsLetter)
}
