# frozen_string_literal: true

# Hosts the handler of a Ruby function (launchers/PROTOCOL.md).
require "json"
require_relative "environment"
require_relative "gems"
require_relative "output"

# What of it is the launcher's own.
module ShortedFaaS
  # Loads the handler and answers calls, one at a time.
  class Launcher
    OWN_FOLDER = __dir__

    def initialize
      @from = IO.for_fd(3, "rb", autoclose: false)
      @to = IO.for_fd(4, "wb", autoclose: false)
      [@from, @to].each { |pipe| pipe.close_on_exec = true }
      @to.sync = true
      @pid = Process.pid
    end

    def run
      type, header, = receive
      exit!(type ? 1 : 0) unless type == "L"
      @load = JSON.parse(header)
      @text = @load["input"] == "text"
      handler = load_handler
      send("H", { protocol: 1, pid: @pid, language: "ruby", version: RUBY_VERSION })
      serve(handler)
    end

    private

    def serve(handler)
      while (type, header, body = receive)
        break if type == "S"

        send(*answer(handler, header, body)) if type == "I"
      end
    end

    def answer(handler, header, body)
      environment = Environment.new(header, @load)
      body.force_encoding(Encoding::UTF_8) if @text
      kind, output = Output.encode(handler.call(body, environment))
      [kind, environment.answer, output]
    rescue SignalException
      raise
    rescue Exception => error # rubocop:disable Lint/RescueException
      ["E", described(error), ""]
    ensure
      leave_child unless Process.pid == @pid
    end

    # A forked child must not answer.
    def leave_child
      flush
      exit!(0)
    end

    def receive
      head = @from.read(9)
      return if head.nil? || head.bytesize < 9

      type, header_length, body_length = head.unpack("aNN")
      header = @from.read(header_length)
      body = @from.read(body_length)
      [type, header, body] if header.to_s.bytesize == header_length && body.to_s.bytesize == body_length
    end

    def send(type, header = nil, body = "")
      flush
      header = header ? JSON.generate(header) : ""
      @to.write([type, header.bytesize, body.bytesize].pack("aNN") + header.b, body)
    rescue JSON::GeneratorError => error
      # Of a response header: a message has been cleaned.
      send("E", { type: error.class.name, message: "a response header cannot be sent: #{clean(error.message)}", trace: "" })
    end

    def flush
      [STDOUT, $stdout, $stderr].uniq.each { |stream| stream.flush if stream.respond_to?(:flush) && !(stream.respond_to?(:closed?) && stream.closed?) }
    rescue IOError, SystemCallError
      # The function has closed it.
    end

    def described(error)
      message = error.is_a?(SystemExit) ? "exit(#{error.status}) inside the handler" : error.message.to_s
      trace = (error.backtrace || []).reject { |line| line.start_with?(OWN_FOLDER) }.first(100)
      trace << "caused by #{error.cause.class}: #{error.cause.message}" if error.cause
      { type: error.class.name || "an unnamed class", message: clean(message), trace: clean(trace.join("\n")) }
    rescue StandardError
      { type: error.class.name.to_s, message: "an error whose message cannot be read", trace: "" }
    end

    def clean(text)
      text.dup.force_encoding(text.encoding == Encoding::BINARY ? Encoding::UTF_8 : text.encoding).encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub[0, 65_536]
    end

    def broken(kind, message, error = nil)
      send("B", { kind: kind, message: clean(message), trace: error ? described(error)[:trace] : "" })
      exit!(1)
    end

    def load_handler
      file = File.expand_path(@load["file"])
      broken("missing", "the handler's file #{@load["file"]} is not in the folder") unless File.file?(file)
      $LOAD_PATH.unshift(Dir.pwd, File.dirname(file)).uniq!
      begin
        # Frozen: the lock file is the function's, and a change of it would be a new generation.
        if File.file?("Gemfile.lock")
          ENV["BUNDLE_FROZEN"] ||= "true"
          require "rubygems"
          require "bundler"
          Bundler.setup
        end
        Kernel.load(file)
      rescue SignalException
        raise
      rescue Exception => error # rubocop:disable Lint/RescueException
        kind = { SyntaxError => "syntax", LoadError => "import" }.find { |known, _| error.is_a?(known) }&.last || "load"
        kind = "import" if defined?(Bundler::BundlerError) && error.is_a?(Bundler::BundlerError)
        message = error.is_a?(SystemExit) ? "#{@load["file"]} called exit while it was loaded" : "#{error.class}: #{error.message}"
        broken(kind, message, error)
      end
      named = @load["handler"] ? [@load["handler"]] : %w[lambda handler]
      named.lazy.filter_map { |name| find(name) }.first || broken("missing", "#{@load["file"]} defines no method `#{named.join("` or `")}`")
    end

    # A method that the file defines at its top level, or `Module.method`.
    def find(name)
      owner, dot, method = name.rpartition(".")
      return Object.const_get(owner).method(method) unless dot.empty?
      return unless Object.private_method_defined?(name, false) || Object.method_defined?(name, false)

      handler = Object.instance_method(name).bind(TOPLEVEL_BINDING.receiver)
      # A `lambda` of every object would hide Ruby's own from the whole program.
      Object.send(:remove_method, name) if Kernel.private_method_defined?(name) || Kernel.method_defined?(name)
      handler
    rescue NameError
      nil
    end
  end
end

Encoding.default_external = Encoding::UTF_8
ShortedFaaS::Launcher.new.run
