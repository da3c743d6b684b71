# frozen_string_literal: true

module ShortedFaaS
  # The attributes of a call. Those of the request are read from the frame's header when the first of them is asked for.
  class Environment
    ATTRIBUTES = %i[headers method path path_info query query_string content_type accept id deadline asynchronous identity].freeze

    attr_writer :code, :response_headers

    def initialize(header, load)
      @header = header
      @load = load
    end

    def code = @code || (asynchronous ? 202 : 200)
    def response_headers = @response_headers ||= {}
    def function = @load["function"]
    def variables = @variables ||= @load["variables"].dup

    ATTRIBUTES.each do |name|
      key = name.to_s
      # Also `method`, which every object has: `environment.method(:name)` stays what it is.
      define_method(name) { |*given| given.empty? ? attributes[key] : super(*given) }
    end

    def to_h
      (%i[code response_headers function variables] + ATTRIBUTES).to_h { |name| [name, public_send(name)] }
    end

    # What the answer's frame says beside the output; nil: nothing.
    def answer
      return if (@code.nil? || @code == 200) && (@response_headers.nil? || @response_headers.empty?) && !late_code?
      raise TypeError, "environment.code is #{@code.inspect}, no whole number" unless code.is_a?(Integer)

      headers = response_headers.to_h { |name, value| [name.to_s, value.is_a?(Array) ? value.map(&:to_s) : value.to_s] }
      headers.empty? ? { code: code } : { code: code, headers: headers }
    end

    private

    # Setting 200 in an asynchronous call is an answer too.
    def late_code? = @code == 200 && asynchronous

    def attributes
      @attributes ||= JSON.parse(@header)
    end
  end
end
