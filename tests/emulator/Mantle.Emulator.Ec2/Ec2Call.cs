namespace Mantle.Emulator.Ec2;

/// <summary>One call as the endpoint saw it, for tests to look at.</summary>
/// <param name="Operation">For example <c>PutSnapshotBlock</c>.</param>
/// <param name="Region">The region of its signature; empty when nobody known signed it.</param>
/// <param name="Resource">The snapshot, with <c>/INDEX</c> of a block; empty for the query API.</param>
/// <param name="Error">The error's name, <c>(cut)</c>, or null when it was done.</param>
public sealed record Ec2Call(string Operation, string Region, string Resource, string? Error);
