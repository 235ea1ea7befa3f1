namespace Wirq.Traces.Timelines;
internal static class PageWriter { internal static void Write(Picture picture, Stream output) { } }
