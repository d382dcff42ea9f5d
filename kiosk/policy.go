package kiosk

import (
	"fmt"
	"strings"
)

// PolicyFor returns the rules of a PIN for this person: from minDigits to maxDigits digits, and
// nothing taken from what many people know of them: birth date, document, tax number, telephone. The
// desk shows these rules and the centre holds the sealed PIN to them, so both build them here.
func PolicyFor(identity Identity, contacts []ProvenContact, minDigits, maxDigits int) PINPolicy {
	policy := PINPolicy{MinDigits: minDigits, MaxDigits: maxDigits}
	policy.Personal = append(policy.Personal, dateForms(identity.BirthDate)...)
	policy.Personal = append(policy.Personal, numbers(identity.BirthPrinted, identity.DocumentNumber, identity.CivilNumber, identity.TaxNumber)...)
	for _, contact := range contacts {
		if contact.Channel == SMS {
			policy.Personal = append(policy.Personal, numbers(contact.Value)...)
		}
	}
	return policy
}

// dateForms are the ways in which people write a date with digits.
func dateForms(d Date) []string {
	if d.IsZero() {
		return nil
	}
	year, yy := fmt.Sprintf("%04d", d.Year), fmt.Sprintf("%02d", d.Year%100)
	month, day := fmt.Sprintf("%02d", d.Month), fmt.Sprintf("%02d", d.Day)
	return []string{
		day + month + year, day + month + yy,
		year + month + day, yy + month + day,
		month + day + year, month + day + yy,
		month + year, year + month,
		year + day + month, day + year,
	}
}

// numbers reduces texts to their digits; those with fewer than four are too common to forbid.
func numbers(texts ...string) []string {
	var list []string
	for _, text := range texts {
		number := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, text)
		if len(number) >= minPersonal {
			list = append(list, number)
		}
	}
	return list
}
