# frozen_string_literal: true

# RubyGems takes longer to start than Ruby itself (`--disable=gems`): it comes with the first thing that needs it.
unless defined?(Gem)
  Object.autoload(:Gem, "rubygems")

  module Kernel
    plain_require = instance_method(:require)
    waiting = true
    # RubyGems puts its own in their place.
    give_way = lambda do
      waiting = false
      Kernel.define_method(:require, plain_require)
      Kernel.send(:private, :require)
      Kernel.send(:remove_method, :gem)
    end

    define_method(:require) do |name|
      give_way.call if waiting && name.to_s.end_with?("rubygems")
      plain_require.bind_call(self, name)
    rescue LoadError
      raise unless waiting

      give_way.call
      plain_require.bind_call(self, "rubygems")
      require(name)
    end

    define_method(:gem) do |*wanted|
      require "rubygems"
      gem(*wanted)
    end

    private :require, :gem
  end
end
