namespace Mantle.Emulator;

/// <summary>The emulated machine did not do what it was expected to do: it did not start, did not answer in time, or contradicts itself.</summary>
public sealed class EmulatorException(string message, Exception? cause = null) : Exception(message, cause);
