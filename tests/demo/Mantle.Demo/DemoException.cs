namespace Mantle.Demo;

/// <summary>A step of the demonstration did not do what it is there to show.</summary>
internal sealed class DemoException(string message) : Exception(message);
