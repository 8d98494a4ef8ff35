package flatjson

import "slices"

// Member is a key of an object with its value.
type Member struct {
	Key   string
	Value any
}

// Members are those of an object, in its order.
type Members []Member

// Take removes a member and returns its value; nil if there is none of the key. It is fastest for who knows the order.
func (m *Members) Take(key string) any {
	at := m.index(key)
	if at < 0 {
		return nil
	}
	value := (*m)[at].Value
	if at == 0 {
		*m = (*m)[1:]
	} else {
		*m = slices.Delete(*m, at, at+1)
	}
	return value
}

func (m Members) index(key string) int {
	for i := range m {
		if m[i].Key == key {
			return i
		}
	}
	return -1
}
