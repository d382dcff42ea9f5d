package kiosk

// wordStep asks who wants a key suspended, without a document, for what the centre knows of its holder.
type wordStep struct{ plainStep }

// WordState is a suspension at the holder's word.
type WordState struct {
	NumberAsked bool // the number of the document or the NIF is asked for beside the birth date
	Sending     bool
	Wrong       bool // what was said is not what the centre knows
	Problem     ProblemCode
}

// WordGiven is what somebody says of the holder.
type WordGiven struct {
	BirthDate Date
	Number    string
}

func (e WordGiven) apply(s *Session) {}

// SuspendByWord asks the centre to suspend a key that was found: WordTaken or WordRefused.
type SuspendByWord struct {
	Case      CaseID
	Search    searchID
	Register  int64
	BirthDate Date
	Number    string
	Reason    KeyReason
}

func (SuspendByWord) command() {}

// WordTaken: the key is suspended.
type WordTaken struct{ Key *Key }

func (e WordTaken) applyToCase(s *Session) {}

// WordRefused: it is not. With Wrong, what was said is not what the centre knows.
type WordRefused struct {
	Wrong bool
	Code  ProblemCode
}

func (e WordRefused) applyToCase(s *Session) {}
