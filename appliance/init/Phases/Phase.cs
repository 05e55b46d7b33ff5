namespace Mantle.Init.Phases;

/// <summary>One step of a life. An exception from it ends the life as its failure policy says.</summary>
/// <typeparam name="TState">What the steps of the life hand on to each other.</typeparam>
/// <param name="Name">One or two words, printed by <c>init --phases</c>.</param>
/// <param name="Purpose">What is true after it.</param>
/// <param name="Run">The step.</param>
internal sealed record Phase<TState>(string Name, string Purpose, Action<TState> Run);
