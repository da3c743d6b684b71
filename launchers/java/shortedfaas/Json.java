package shortedfaas;

import java.lang.reflect.Array;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON: objects are maps, arrays lists, whole numbers long, others double. */
final class Json {
    private static final int DEEPEST = 200;
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    static Object read(String text) {
        Json json = new Json(text);
        Object value = json.value(0);
        if (json.next() != '\0' || json.at < text.length()) {
            throw json.wrong();
        }
        return value;
    }

    private IllegalArgumentException wrong() {
        return new IllegalArgumentException("no JSON at character " + at);
    }

    private char next() {
        while (at < text.length() && text.charAt(at) <= ' ') {
            at++;
        }
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private boolean takes(char expected) {
        if (next() != expected) {
            return false;
        }
        at++;
        return true;
    }

    private Object value(int depth) {
        if (depth > DEEPEST) {
            throw wrong();
        }
        switch (next()) {
            case '{': return object(depth);
            case '[': return array(depth);
            case '"': return string();
            case 't': return word("true", true);
            case 'f': return word("false", false);
            case 'n': return word("null", null);
            default: return number();
        }
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw wrong();
        }
        at += word.length();
        return value;
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> map = new LinkedHashMap<>();
        at++;
        if (takes('}')) {
            return map;
        }
        do {
            if (next() != '"') {
                throw wrong();
            }
            String key = string();
            if (!takes(':')) {
                throw wrong();
            }
            map.put(key, value(depth + 1));
        } while (takes(','));
        if (!takes('}')) {
            throw wrong();
        }
        return map;
    }

    private List<Object> array(int depth) {
        List<Object> list = new ArrayList<>();
        at++;
        if (takes(']')) {
            return list;
        }
        do {
            list.add(value(depth + 1));
        } while (takes(','));
        if (!takes(']')) {
            throw wrong();
        }
        return list;
    }

    private String string() {
        int start = ++at;
        StringBuilder built = null;
        while (at < text.length()) {
            char character = text.charAt(at);
            if (character == '"') {
                String rest = text.substring(start, at++);
                return built == null ? rest : built.append(rest).toString();
            }
            if (character == '\\') {
                built = (built == null ? new StringBuilder() : built).append(text, start, at++).append(escape());
                start = at;
            } else {
                at++;
            }
        }
        throw wrong();
    }

    private char escape() {
        char kind = at < text.length() ? text.charAt(at++) : '\0';
        int simple = "\"\\/bfnrt".indexOf(kind);
        if (simple >= 0) {
            return "\"\\/\b\f\n\r\t".charAt(simple);
        }
        if (kind != 'u' || at + 4 > text.length()) {
            throw wrong();
        }
        at += 4;
        return (char) Integer.parseInt(text, at - 4, at, 16);
    }

    private Number number() {
        int start = at;
        boolean whole = true;
        for (; at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0; at++) {
            whole &= ".eE".indexOf(text.charAt(at)) < 0;
        }
        String digits = text.substring(start, at);
        if (digits.isEmpty()) {
            throw wrong();
        }
        if (whole && digits.length() < 19) {
            return Long.parseLong(digits);
        }
        return Double.parseDouble(digits);
    }

    /** The text of a value; throws when it cannot be JSON. */
    static String write(Object value) {
        StringBuilder built = new StringBuilder();
        write(built, value, 0);
        return built.toString();
    }

    private static void write(StringBuilder built, Object value, int depth) {
        if (depth > DEEPEST) {
            throw new IllegalArgumentException("nested too deeply to be JSON, or within itself");
        }
        if (value == null || value instanceof Boolean) {
            built.append(value);
        } else if (value instanceof CharSequence || value instanceof Character || value instanceof Enum) {
            quote(built, value.toString());
        } else if (value instanceof Double || value instanceof Float) {
            if (!Double.isFinite(((Number) value).doubleValue())) {
                throw new IllegalArgumentException("JSON has no " + value);
            }
            built.append(value);
        } else if (value instanceof Number) {
            built.append(value);
        } else if (value instanceof Map) {
            map(built, (Map<?, ?>) value, depth);
        } else if (value instanceof Iterable) {
            list(built, (Iterable<?>) value, depth);
        } else if (value.getClass().isArray()) {
            List<Object> items = new ArrayList<>();
            for (int index = 0; index < Array.getLength(value); index++) {
                items.add(Array.get(value, index));
            }
            list(built, items, depth);
        } else if (value.getClass().isRecord()) {
            map(built, parts(value), depth);
        } else {
            throw new IllegalArgumentException("a value of " + value.getClass().getName() + " cannot be JSON");
        }
    }

    private static Map<String, Object> parts(Object record) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (RecordComponent part : record.getClass().getRecordComponents()) {
            try {
                part.getAccessor().setAccessible(true);
                map.put(part.getName(), part.getAccessor().invoke(record));
            } catch (ReflectiveOperationException error) {
                throw new IllegalArgumentException(part + " cannot be read", error);
            }
        }
        return map;
    }

    private static void map(StringBuilder built, Map<?, ?> map, int depth) {
        char separator = '{';
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            quote(built.append(separator), String.valueOf(entry.getKey()));
            write(built.append(':'), entry.getValue(), depth + 1);
            separator = ',';
        }
        built.append(separator == '{' ? "{}" : "}");
    }

    private static void list(StringBuilder built, Iterable<?> list, int depth) {
        char separator = '[';
        for (Object item : list) {
            write(built.append(separator), item, depth + 1);
            separator = ',';
        }
        built.append(separator == '[' ? "[]" : "]");
    }

    private static void quote(StringBuilder built, String text) {
        requireUnicode(text);
        built.append('"');
        for (int index = 0; index < text.length(); index++) {
            char character = text.charAt(index);
            if (character == '"' || character == '\\') {
                built.append('\\').append(character);
            } else if (character < ' ') {
                built.append("\\u00").append((char) ('0' + (character >> 4))).append("0123456789abcdef".charAt(character & 15));
            } else {
                built.append(character);
            }
        }
        built.append('"');
    }

    /** Throws where a text holds half of a character only: UTF-8 has no bytes for that. */
    static String requireUnicode(String text) {
        for (int index = 0; index < text.length(); index++) {
            if (Character.isSurrogate(text.charAt(index))) {
                if (Character.isSupplementaryCodePoint(text.codePointAt(index))) {
                    index++;
                } else {
                    throw new IllegalArgumentException("a text with a lone surrogate at " + index + " cannot be UTF-8");
                }
            }
        }
        return text;
    }
}
