# frozen_string_literal: true

module ShortedFaaS
  # What a handler returned, as the body of the answer's frame.
  module Output
    # Its kind of frame and the body.
    def self.encode(output)
      case output
      when nil then ["T", ""]
      when String then encode_text(output)
      when Symbol then ["T", output.name]
      else ["J", JSON.generate(plain(output, 1), max_nesting: 0)]
      end
    end

    def self.encode_text(text)
      return ["O", text] if text.encoding == Encoding::BINARY

      text = text.encode(Encoding::UTF_8) unless text.encoding == Encoding::UTF_8
      [text.valid_encoding? ? "T" : "O", text]
    rescue EncodingError
      ["O", text]
    end

    # The value itself, once nothing is in it that JSON would silently make a text of.
    def self.plain(value, depth)
      raise TypeError, "what was returned is nested too deeply for JSON, or holds itself" if depth > 100

      case value
      when nil, true, false, Integer, Float, String then value
      when Symbol then value.name
      when Hash then value.to_h { |key, member| [key.to_s, plain(member, depth + 1)] }
      when Array then value.map { |member| plain(member, depth + 1) }
      when Struct then plain(value.to_h, depth + 1)
      else
        generic = value.method(:to_json).owner.name.to_s.include?("GeneratorMethods::Object")
        raise TypeError, "an object of #{value.class} cannot be JSON: it has no to_json" if generic

        value
      end
    end
  end
end
