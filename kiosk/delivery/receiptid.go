package delivery

import (
	"strconv"
	"strings"
	"sync"
)

// rememberedIDs bounds the messages whose receipts may be spelt in another way than their answers.
const rememberedIDs = 4096

// messageIDs knows the identifiers that a message centre gave, to find them again in its receipts. SMPP 3.4 leaves the
// form of both open (§5.2.23, appendix B), and many centres answer in hexadecimal and write receipts in decimal, or the
// other way round, in another case, or with zeros in front.
type messageIDs struct {
	mu    sync.Mutex
	order []string            // as given, the oldest first
	sent  map[string]bool     // as given
	alike map[string][]string // by what two spellings have in common, see likeness
	habit habit
}

// habit is how a centre's receipts differ from its answers, once that is beyond doubt.
type habit struct {
	given, told int  // base of the identifiers in answers and in receipts; 0 while nothing is known
	upper       bool // answers have capital letters
	width       int  // of answers that have zeros in front, 0 without
}

// likeness is what an identifier is in a base: its number; in base 0 its letters, whatever their case and the zeros in
// front. It is empty for what is no number.
func likeness(base int, id string) string {
	plain := strings.ToLower(strings.TrimLeft(id, "0"))
	if base == 0 {
		return "0:" + plain
	}
	n, err := strconv.ParseUint(id, base, 64)
	if err != nil {
		return ""
	}
	return strconv.Itoa(base) + ":" + strconv.FormatUint(n, 10)
}

// given notes an identifier of an answer.
func (m *messageIDs) given(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id == "" || m.sent[id] {
		return
	}
	if m.sent == nil {
		m.sent, m.alike = map[string]bool{}, map[string][]string{}
	}
	m.sent[id], m.order = true, append(m.order, id)
	for _, base := range []int{0, 10, 16} {
		if l := likeness(base, id); l != "" {
			m.alike[l] = append(m.alike[l], id)
		}
	}
	if len(m.order) > rememberedIDs {
		m.forget(m.order[0])
		m.order = m.order[1:]
	}
}

func (m *messageIDs) forget(id string) {
	delete(m.sent, id)
	for _, base := range []int{0, 10, 16} {
		l := likeness(base, id)
		var left []string
		for _, other := range m.alike[l] {
			if other != id {
				left = append(left, other)
			}
		}
		if m.alike[l] = left; len(left) == 0 {
			delete(m.alike, l)
		}
	}
}

// only returns the identifier whose value in base given equals that of id in base told, if exactly
// one does.
func (m *messageIDs) only(given, told int, id string) (string, bool) {
	l := likeness(told, id)
	if l == "" {
		return "", false
	}
	_, rest, _ := strings.Cut(l, ":")
	list := m.alike[strconv.Itoa(given)+":"+rest]
	if len(list) != 1 {
		return "", false
	}
	return list[0], true
}

// find returns the identifier that was given for the message of which a receipt tells; the receipt's own when none of
// those remembered is it. A receipt may name it twice, in two forms.
func (m *messageIDs) find(told ...string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.habit.given != 0 {
		for _, id := range told {
			if found, ok := m.only(m.habit.given, m.habit.told, id); ok {
				return found
			}
		}
	}
	for _, id := range told {
		if m.sent[id] {
			return id
		}
	}
	for _, id := range told {
		if found, ok := m.differing(id); ok {
			return found
		}
	}
	return m.respelt(told[0])
}

// differing looks for another spelling. An identifier that could belong to two messages belongs to
// neither.
func (m *messageIDs) differing(id string) (string, bool) {
	if found, ok := m.only(0, 0, id); ok {
		m.learn(found, id)
		return found, true
	}
	fromHex, hex := m.only(16, 10, id)
	fromDecimal, decimal := m.only(10, 16, id)
	switch {
	case hex && !decimal:
		m.learn(fromHex, id)
		return fromHex, true
	case decimal && !hex:
		m.learn(fromDecimal, id)
		return fromDecimal, true
	}
	return "", false
}

// learn notes how the centre's receipts differ, once the letters leave no doubt of the bases.
func (m *messageIDs) learn(given, told string) {
	h := habit{given: baseOf(given), told: baseOf(told), upper: given == strings.ToUpper(given)}
	if strings.HasPrefix(given, "0") {
		h.width = len(given)
	}
	switch {
	case h.given == 16 && h.told == 10, h.given == 10 && h.told == 16, h.given == 16 && h.told == 16:
		m.habit = h
	}
}

// baseOf is 16 for hexadecimal digits with a letter among them, 10 for decimal digits, 0 for anything else.
func baseOf(id string) int {
	if _, err := strconv.ParseUint(id, 10, 64); err == nil {
		return 10
	}
	if _, err := strconv.ParseUint(id, 16, 64); err == nil {
		return 16
	}
	return 0
}

// respelt writes an identifier that another registrar was given, or this one before it was started anew, as the centre
// would have given it.
func (m *messageIDs) respelt(id string) string {
	n, err := strconv.ParseUint(id, max(m.habit.told, 2), 64)
	if m.habit.given == 0 || err != nil {
		return id
	}
	spelt := strconv.FormatUint(n, m.habit.given)
	if m.habit.upper {
		spelt = strings.ToUpper(spelt)
	}
	return strings.Repeat("0", max(0, m.habit.width-len(spelt))) + spelt
}
