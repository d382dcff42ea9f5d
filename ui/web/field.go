package web

import "strings"

// field is a line to type into. Its name is what the form sends and the field's identifier.
type field struct {
	Name, Label, Hint, Error string
	Type, Mode, Auto         string // of the input: HTML's type, inputmode, autocomplete
	Value                    string
	Max                      int
	Digits, Focus            bool
	Invalid                  bool   // wrong, though what is wrong is said above, about all
	about                    string // the identifier of that
}

// Described lists what screen readers say of it besides its label (WCAG 2.2 §3.3.1, §1.3.1).
func (f field) Described() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.Name+"-error")
	}
	if f.about != "" {
		ids = append(ids, f.about)
	}
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	return strings.Join(ids, " ")
}

// wrong says what is wrong with a field. The keyboard goes there.
func (f *field) wrong(text string) {
	f.Error, f.Invalid, f.Focus = text, true, true
}

// Managers may fill in and people may paste every one of these: WCAG 2.2 §3.3.8 asks for no test of memory that cannot be
// helped.

func (w words) identifierField(value string) field {
	return field{Name: "identifier", Label: w.T("web.sign_in.identifier"), Hint: w.T("web.sign_in.identifier_hint"), Type: "text", Auto: "username", Value: value, Max: 320}
}

func (w words) countryField(value string) field {
	return field{Name: "country", Label: w.T("web.sign_in.country"), Type: "text", Auto: "off", Value: value, Max: 3}
}

func (w words) pinField(name, label, auto string) field {
	return field{Name: name, Label: w.T(label), Type: "password", Mode: "numeric", Auto: auto, Max: 16, Digits: true}
}

func (w words) codeField() field {
	return field{Name: "code", Label: w.T("web.code.field"), Type: "text", Mode: "numeric", Auto: "one-time-code", Max: 16, Digits: true, Focus: true}
}

func (w words) longCodeField(label, hint string) field {
	return field{Name: "long_code", Label: w.T(label), Hint: w.T(hint), Type: "text", Auto: "off", Max: 24, Digits: true}
}
