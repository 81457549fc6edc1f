export { evaluateDirectly } from '../../he/compiler/direct.ts';
